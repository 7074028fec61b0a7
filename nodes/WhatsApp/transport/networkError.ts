import { executionCanceledError, MediaError } from '../errors';

/** In words, also because n8n replaces a message that contains one of these codes by a general one. */
const REASONS = new Map([
	['ECONNREFUSED', 'the connection was refused'],
	['ECONNRESET', 'the connection was closed'],
	['ENOTFOUND', 'the host name is unknown'],
	['EAI_AGAIN', 'the host name could not be looked up'],
	['ETIMEDOUT', 'no answer in time'],
	['ECONNABORTED', 'no answer in time'],
	['EHOSTUNREACH', 'no route to host'],
	['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is not trusted'],
	['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'its certificate is not trusted'],
	['SELF_SIGNED_CERT_IN_CHAIN', 'its certificate is not trusted'],
	['CERT_HAS_EXPIRED', 'its certificate has expired'],
]);

/**
 * The error for a request that got no answer. Built anew from what is safe to show: the error of n8n's helper carries the
 * request, token included.
 */
export function networkError(url: string, cause: unknown, abortSignal?: AbortSignal): MediaError {
	if (abortSignal?.aborted) return executionCanceledError();
	const { host } = new URL(url);
	const { httpCode, code } = cause as { httpCode?: string; code?: string };
	const reason = REASONS.get(code ?? httpCode ?? '');
	return new MediaError(
		'unreachable',
		`${host} could not be reached${reason ? `: ${reason}` : ''}`,
		'Check that n8n can connect to it (firewall, proxy, DNS), and that Base URL in the credential is right.',
	);
}
