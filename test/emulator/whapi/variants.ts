/** The facts that no source settles, as switches. The defaults are the likeliest. */
export interface WhapiVariants {
	/** What names the operation inside a webhook's `event`: real payloads and the specification differ. */
	eventKey: 'event' | 'method';
	/** Type of a document with a caption; both are in the specification. */
	captionedDocument: 'document' | 'documentWithCaption';
	/** Whether `sha256` is that of the bytes of GET /media/{id}; nobody proved that it is. */
	hash: 'right' | 'wrong' | 'absent';
	/** Whether an upload is encoded anew unless `no_encode` says otherwise; then its bytes are others. */
	reencodes: boolean;
	/** Milliseconds after its webhook during which a file is not found: one public bot waits six seconds before it asks. */
	lateBy: number;
	/** What the `media` object of PATCH /settings does to the one that is there; only the top level is documented. */
	mediaSettings: 'replaced' | 'merged';
	/** The public storage on a link that has expired: S3 says 404 only to those who may list the bucket. */
	expiredLink: 403 | 404;
	/** Files without a Content-Length. */
	chunkedFiles: boolean;
	/** Milliseconds that a webhook has for its answer; undocumented. */
	webhookTimeout: number;
}

export function defaultVariants(): WhapiVariants {
	return {
		eventKey: 'event',
		captionedDocument: 'document',
		hash: 'right',
		reencodes: false,
		lateBy: 0,
		mediaSettings: 'replaced',
		expiredLink: 403,
		chunkedFiles: false,
		webhookTimeout: 10_000,
	};
}
