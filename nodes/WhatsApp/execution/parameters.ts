import type { IDataObject, IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';

import { itemField, numberOptions } from './fields';
import { MediaError } from '../errors';

/**
 * What a form field says about an item. Its default is read from the item itself: to evaluate an expression takes n8n
 * more than a millisecond, in which nothing else moves (docs/benchmarks.md).
 */
export function textParameter(context: IExecuteFunctions, item: INodeExecutionData, index: number, name: string): string {
	const isDefault = context.getNodeParameter(name, index, '', { rawExpressions: true }) === itemField(name);
	return String((isDefault ? item.json[name] : context.getNodeParameter(name, index, '')) ?? '').trim();
}

export function mediaIdParameter(context: IExecuteFunctions, item: INodeExecutionData, index: number): string {
	const mediaId = textParameter(context, item, index, 'mediaId');
	if (!mediaId)
		throw new MediaError(
			'permanent',
			'Media ID is empty',
			'The item has no field mediaId. Put WhatsApp Media Trigger before this node, or enter the ID in Media ID.',
		);
	return mediaId;
}

/**
 * What the user added under *Options*. Where a number belongs, an expression can give anything.
 * @throws MediaRefusal
 */
export function optionsOf<T extends IDataObject>(context: IExecuteFunctions, index: number): Partial<T> {
	const given = context.getNodeParameter('options', index, {}) as Partial<T>;
	const numbers = numberOptions.filter(({ name }) => name in given).map((field) => [field.name, numberOf(field, given[field.name])]);
	return { ...given, ...Object.fromEntries(numbers) };
}

function numberOf({ displayName, typeOptions: { minValue = 0, maxValue = 1e6 } = {} }: INodeProperties, value: unknown): number {
	const text = String(value ?? '').trim();
	const number = Number(text || NaN);
	if (number >= minValue && number <= maxValue) return number;
	throw new MediaError('permanent', `${displayName} under Options is ${text ? `"${text}"` : 'empty'}`, `It must be a number from ${minValue} to ${maxValue}.`);
}

/** The entries of a comma-separated list. */
export function splitList(text = ''): string[] {
	return text.split(/[,;\n]/).map((entry) => entry.trim()).filter(Boolean);
}
