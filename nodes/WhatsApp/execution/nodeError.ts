import { NodeApiError, NodeOperationError, type IExecuteFunctions } from 'n8n-workflow';

import { MediaError } from '../errors';

/** n8n's own error for anything that was thrown. Made of texts only, so that nothing of the request is saved with it. */
export function nodeError(
	context: Pick<IExecuteFunctions, 'getNode'>,
	cause: unknown,
	itemIndex?: number,
): NodeOperationError | NodeApiError {
	const node = context.getNode();
	if (cause instanceof NodeOperationError || cause instanceof NodeApiError) return cause;
	const { message } = cause as Error;
	const { description, status } = cause instanceof MediaError ? cause : {};
	if (!status) return new NodeOperationError(node, message, { description, itemIndex });
	const options = { message, description, httpCode: String(status), itemIndex };
	return new NodeApiError(node, { message }, options);
}
