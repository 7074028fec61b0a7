import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { MediaRefusal } from './providers/provider';

/** The field *Media ID* of an item. */
export function mediaIdOf(context: IExecuteFunctions, index: number): string {
	const mediaId = optionalMediaId(context, index);
	if (!mediaId)
		throw new MediaRefusal(
			'refused',
			'Media ID is empty',
			'The item has no field mediaId. Put WhatsApp Media Trigger before this node, or enter the ID in Media ID.',
		);
	return mediaId;
}

export function optionalMediaId(context: IExecuteFunctions, index: number): string {
	return String(context.getNodeParameter('mediaId', index, '') ?? '').trim();
}

/** What the user added under *Options*. */
export function options<T extends IDataObject>(context: IExecuteFunctions, index: number): Partial<T> {
	return context.getNodeParameter('options', index, {}) as Partial<T>;
}
