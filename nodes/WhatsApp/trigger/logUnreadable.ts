import type { ITriggerFunctions, IWebhookFunctions } from 'n8n-workflow';

/** Logs why a message was left out. Its redelivery would not be read either, so that nothing else is to be done. */
export function logUnreadable(context: ITriggerFunctions | IWebhookFunctions) {
	return ({ message }: Error) => {
		context.logger.warn(
			`${context.getNode().name} skipped a message that it could not read: ${message}`,
		);
	};
}
