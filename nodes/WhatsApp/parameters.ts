import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { MediaRefusal } from './providers/provider';

/** The default of a form field: the item's field of the same name. */
export const itemField = (name: string) => `={{ $json.${name} }}`;

/**
 * What a form field says about an item. Its default is read from the item itself: to evaluate an expression takes n8n
 * more than a millisecond, in which nothing else moves (docs/benchmarks.md).
 */
export function textOf(context: IExecuteFunctions, item: INodeExecutionData, index: number, name: string): string {
	const isDefault = context.getNodeParameter(name, index, '', { rawExpressions: true }) === itemField(name);
	return String((isDefault ? item.json[name] : context.getNodeParameter(name, index, '')) ?? '').trim();
}

export function mediaIdOf(context: IExecuteFunctions, item: INodeExecutionData, index: number): string {
	const mediaId = textOf(context, item, index, 'mediaId');
	if (!mediaId)
		throw new MediaRefusal(
			'refused',
			'Media ID is empty',
			'The item has no field mediaId. Put WhatsApp Media Trigger before this node, or enter the ID in Media ID.',
		);
	return mediaId;
}

/** What the user added under *Options*. */
export function options<T extends IDataObject>(context: IExecuteFunctions, index: number): Partial<T> {
	return context.getNodeParameter('options', index, {}) as Partial<T>;
}
