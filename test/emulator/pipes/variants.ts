/** The facts that no source settles, as switches. The defaults are the likeliest. */
export interface PipesVariants {
	/** B4: the documentation and the vendor's own demo differ. */
	errorShape: 'string' | 'object';
	/** A pool number's webhook falls back to the WebSocket; an own number delivers to both at once. B2. */
	delivery: 'webhookFirst' | 'both';
	/** Which of several connections without a conversation get a message: not known. B3. */
	fanOut: 'all' | 'first';
	/** Milliseconds between two messages of the offline queue: B3. */
	drainInterval: number;
	/** Whether `byteSize` is that of the bytes. */
	size: 'right' | 'wrong' | 'absent';
	/** Files without a Content-Length. */
	chunkedFiles: boolean;
	/** Milliseconds that a webhook has for its answer: B2. */
	webhookTimeout: number;
}

export function defaultVariants(): PipesVariants {
	return { errorShape: 'string', delivery: 'webhookFirst', fanOut: 'all', drainInterval: 750, size: 'right', chunkedFiles: false, webhookTimeout: 10_000 };
}
