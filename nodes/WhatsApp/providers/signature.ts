import { createHash, createHmac, timingSafeEqual } from 'crypto';

/** Whether two texts are equal, in a time that tells nothing about where they differ. */
export function equalSecrets(given: string, expected: string): boolean {
	// Hashing first makes both the same length, which timingSafeEqual demands.
	return timingSafeEqual(sha256(given), sha256(expected));
}

/** HMAC as lower-case hex. */
export function hmacHex(
	secret: string,
	content: Buffer | string,
	algorithm: 'sha256' | 'sha512' = 'sha256',
): string {
	return createHmac(algorithm, secret).update(content).digest('hex');
}

function sha256(text: string): Buffer {
	return createHash('sha256').update(text).digest();
}
