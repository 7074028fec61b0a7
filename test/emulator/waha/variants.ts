/** What depends on the server's settings, its engine or its version, and what no source settles, as switches. The defaults are the likeliest. */
export interface WahaVariants {
	/** Whose words stand in `_data`: B3. `none`: left out, as some versions do. */
	engine: 'NOWEB' | 'GOWS' | 'WEBJS' | 'none';
	/** `environment.tier` and what the free one of before 2026.6.1 refuses: B1. */
	tier: 'CORE' | 'PLUS' | 'OLD_CORE';
	/** The origin in a file's URL: `WAHA_BASE_URL`, and what stands there without it. B5. */
	baseUrl: string;
	/** `WAHA_MEDIA_STORAGE`: files of the server's own, or presigned URLs of S3. B5. */
	storage: 'local' | 's3';
	/** `WHATSAPP_FILES_LIFETIME` in seconds; 0: for ever. B5. */
	filesLifetime: number;
	/** Whether the hash in `_data` is that of the bytes: WAHA converts some stickers. B3. */
	hash: 'right' | 'wrong' | 'absent';
	/** What WAHA says where it could not fetch the file: B3, `error`. */
	mediaError?: unknown;
	/** Whether a webhook has the file already; with WEBJS it may come after its message. B3. */
	downloaded: boolean;
	/** What PUT does to apps that are not sent: the documentation says gone, the code says kept. B2. */
	appsNotSent: 'kept' | 'gone';
	/** Milliseconds from a change of the configuration until the session is WORKING again: B2. */
	restart: number;
	/** A key that `WHATSAPP_API_KEY_EXCLUDE_PATH=api/files/(.*)` asks of nobody: B5. */
	publicFiles: boolean;
	/** Files without a Content-Length. */
	chunkedFiles: boolean;
	/** Milliseconds that a webhook has for its answer; undocumented. */
	webhookTimeout: number;
}

export function defaultVariants(): WahaVariants {
	return {
		engine: 'NOWEB',
		tier: 'CORE',
		baseUrl: 'http://localhost:3000',
		storage: 'local',
		filesLifetime: 180,
		hash: 'right',
		mediaError: undefined,
		downloaded: true,
		appsNotSent: 'kept',
		restart: 200,
		publicFiles: false,
		chunkedFiles: false,
		webhookTimeout: 10_000,
	};
}
