import { NodeApiError, NodeOperationError, type IExecuteFunctions } from 'n8n-workflow';

import { MediaError } from '../errors';

/** n8n's own error for what was caught. Made from texts only, so that nothing of the request is saved with it. */
export function nodeError(context: Pick<IExecuteFunctions, 'getNode'>, cause: unknown, itemIndex?: number) {
	const node = context.getNode();
	if (cause instanceof NodeOperationError || cause instanceof NodeApiError) return cause;
	const { message } = cause as Error;
	const description = cause instanceof MediaError ? cause.description : undefined;
	const httpCode = cause instanceof MediaError && cause.status ? String(cause.status) : undefined;
	return httpCode
		? new NodeApiError(node, { message }, { message, description, httpCode, itemIndex })
		: new NodeOperationError(node, message, { description, itemIndex });
}
