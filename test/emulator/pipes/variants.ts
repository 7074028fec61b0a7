/** The facts that no source settles, as switches. The defaults are the likeliest. */
export interface PipesVariants {
	/** The documentation has two texts; the vendor's own demo, https://github.com/id49/pipes-bot-byon-demo, reads an object first. */
	errorShape: 'string' | 'object';
	/** A pool number's webhook falls back to the WebSocket; an own number delivers to both at once: the pages /webhooks/retries and /byon/webhook-delivery. */
	delivery: 'webhookFirst' | 'both';
	/** Which of several connections without a conversation get a message: no page says. */
	fanOut: 'all' | 'first';
	/** Milliseconds between two messages of the offline queue: the page /websocket/offline-queuing. */
	drainInterval: number;
	/** Whether `byteSize` is that of the bytes. */
	size: 'right' | 'wrong' | 'absent';
	/** Files without a Content-Length. */
	chunkedFiles: boolean;
	/** Milliseconds that a webhook has for its answer: the page /webhooks/retries. */
	webhookTimeout: number;
}

export function defaultVariants(): PipesVariants {
	return {
		errorShape: 'string',
		delivery: 'webhookFirst',
		fanOut: 'all',
		drainInterval: 750,
		size: 'right',
		chunkedFiles: false,
		webhookTimeout: 10_000,
	};
}
