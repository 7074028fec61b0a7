/** What the credential holds, trimmed. Empty strings where the user left a field empty. */
export interface Credentials {
	/** Or API key, as the vendor calls it. */
	accessToken: string;
	/** Part of the API's paths, where a vendor has versions. */
	apiVersion: string;
	appId: string;
	/** Origin (and path, for a relay) of the API, without a slash at the end. */
	baseUrl: string;
	businessAccountId: string;
	phoneNumberId: string;
	/** What the vendor sends in its check that the webhook URL is ours. */
	verifyToken: string;
	/** What deliveries are signed with. */
	webhookSecret: string;
}
