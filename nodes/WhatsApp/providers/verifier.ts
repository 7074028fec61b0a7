import type { Credentials } from './credentials';
import type { VerificationFailure, Webhook } from './webhook';

/** How a vendor proves that a delivery is its own, with the sentences for when it does not. Each follows "refused a delivery:". */
export interface Proof {
	/** What deliveries are checked against; empty where the credential holds nothing to check with. */
	secret(credentials: Credentials): string;
	/** Whether a header of this name, in lower case, is right. One that is right is enough. */
	headers: Record<string, (given: string, secret: string, rawBody: Buffer) => boolean>;
	noSecret: string;
	noHeader: string;
	mismatch: string;
}

export function verifier({ secret: secretOf, headers: checks, ...reasons }: Proof) {
	return ({ headers, rawBody }: Webhook, credentials: Credentials): true | VerificationFailure => {
		const secret = secretOf(credentials);
		if (!secret) return { reason: reasons.noSecret };
		const found = Object.entries(checks).flatMap(([name, isRight]) => {
			const given = headers[name];
			return typeof given === 'string' && given ? [isRight(given, secret, rawBody)] : [];
		});
		if (!found.length) return { reason: reasons.noHeader };
		return found.includes(true) || { reason: reasons.mismatch };
	};
}
