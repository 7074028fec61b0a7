/** A request that came in on the webhook URL. */
export interface Webhook {
	/** Parameters of the URL. */
	query: Record<string, unknown>;
	/** Names in lower case. */
	headers: Record<string, string | string[] | undefined>;
	/** Exactly the bytes that came: signatures are made over these. */
	rawBody: Buffer;
}

/** Why a webhook is not believed, for n8n's log. */
export interface VerificationFailure {
	/** To follow "refused a delivery:". */
	reason: string;
}
