import { SECOND } from '../units';
import { isoTime, isoTimeAfter } from './read';

/** When a presigned URL of S3 or compatible storage expires: it says when it was made, and for how many seconds. */
export function presignedUrlExpiresAt(url: string): string | undefined {
	const [, made] = /[?&]X-Amz-Date=(\d{8}T\d{6}Z)/i.exec(url) ?? [];
	const [, seconds] = /[?&]X-Amz-Expires=(\d{1,9})(?:&|$)/i.exec(url) ?? [];
	const start =
		made &&
		isoTime(made.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
	return seconds && isoTimeAfter(start || undefined, Number(seconds) * SECOND);
}
