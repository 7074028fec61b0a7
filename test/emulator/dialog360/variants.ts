/** The facts that no source settles, as switches. The defaults are the likeliest. */
export interface Dialog360Variants {
	/** Whether GET /v1/configs/webhook answers 404 when none is set: A4. */
	noWebhook: 404 | 'empty';
	/** Whether the number has the list of more webhooks; 360dialog switches it on. A4. */
	list: 'off' | 'on';
	/** The answer to a look-up after too many that failed: A2. */
	blocked: 429 | 403;
	/** Failed look-ups in an hour, after which none is answered for an hour: A2 has two numbers, the older is the stricter. */
	allowedFailures: number;
	/** Whether a partner's platform secret signs the deliveries too, and how: A5. */
	signature: 'none' | 'bare' | 'prefixed';
	/** Milliseconds that a webhook has for its answer: A5. */
	webhookTimeout: number;
}

export function defaultVariants(): Dialog360Variants {
	return {
		noWebhook: 404,
		list: 'off',
		blocked: 429,
		allowedFailures: 5,
		signature: 'none',
		webhookTimeout: 5000,
	};
}
