import type {
	IDataObject,
	IExecuteFunctions,
	INodeExecutionData,
	INodeProperties,
} from 'n8n-workflow';

import { MediaError, shorten } from '../errors';
import { itemField, numberOptions, optionalItemField, rawOptions, switchOptions } from './fields';
import { readText } from './itemFile';

/**
 * A text field's value for an item. A field that still has its default is read from the item itself: to evaluate an
 * expression takes n8n more than a millisecond, in which nothing else runs (docs/benchmarks.md).
 */
export function textParameter(
	context: IExecuteFunctions,
	item: INodeExecutionData,
	index: number,
	name: string,
): string {
	const raw = context.getNodeParameter(name, index, '', { rawExpressions: true });
	const isItemField = raw === itemField(name) || raw === optionalItemField(name);
	const value = isItemField ? item.json[name] : context.getNodeParameter(name, index, '');
	if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER)
		throw roundedNumber(name, value);
	return readText(value) ?? '';
}

/** JSON numbers above 2^53 lose their last digits when they are read, so that the ID would name another file. */
function roundedNumber(name: string, value: number): MediaError {
	return new MediaError(
		'permanent',
		`The field ${name} holds the number ${value}, whose last digits are lost`,
		`n8n cannot hold numbers above ${Number.MAX_SAFE_INTEGER} exactly. Have the earlier node output the ID as text, in quotation marks.`,
	);
}

/** @throws MediaError when there is none */
export function mediaIdParameter(
	context: IExecuteFunctions,
	item: INodeExecutionData,
	index: number,
): string {
	const mediaId = textParameter(context, item, index, 'mediaId');
	if (mediaId) return mediaId;
	throw new MediaError(
		'permanent',
		'Media ID is empty',
		'For this item, there is nothing in it. Clear the field, then drag mediaId into it from the node that has it.',
	);
}

/**
 * What the user added under *Options*, for an item. An expression can give anything: a number where a text belongs, a text
 * for a switch.
 * @throws MediaError for a number that is none, or out of its range
 */
export function optionsParameter<T extends IDataObject>(
	context: IExecuteFunctions,
	index: number,
): Partial<T> {
	return readOptions(context.getNodeParameter('options', index, {}) as Partial<T>);
}

/** The same, for options that are read already. @throws MediaError */
export function readOptions<T extends IDataObject>(options: T): Partial<T> {
	const read = Object.entries(options).map(([name, value]) => [name, readOption(name, value)]);
	return Object.fromEntries(read.filter(([, value]) => value !== undefined)) as Partial<T>;
}

/**
 * Nothing for a value that says nothing: then the option counts as not added. What says something that cannot be read is an
 * error, since a limit that counts as not added would let everything through.
 */
function readOption(name: string, value: unknown): unknown {
	const numberField = numberOptions.find((field) => field.name === name);
	if (numberField) return toNumber(numberField, onlyEntry(value));
	if (saysNothing(value)) return undefined;
	if (rawOptions.includes(name)) return value;
	if (switchOptions.includes(name)) return toBoolean(name, onlyEntry(value));
	// A list of an expression's reads as the text that it stands for.
	if (Array.isArray(value)) {
		const entries = value.filter((entry) => !saysNothing(entry));
		return entries.map((entry) => toText(name, entry)).join(',') || undefined;
	}
	if (name === 'fileName' && value === false) return undefined;
	const isLocator = typeof value === 'object' && value !== null && 'value' in value;
	return toText(name, isLocator ? (value.value ?? '') : value) || undefined;
}

/** A list of one is that one: n8n's Aggregate makes a list of every field. */
function onlyEntry(value: unknown): unknown {
	return Array.isArray(value) && value.length === 1 ? value[0] : value;
}

/** An empty cell, and an empty list, as tables and forms have them. */
export function saysNothing(value: unknown): boolean {
	if (Array.isArray(value)) return value.every(saysNothing);
	return value === undefined || value === null || (typeof value === 'string' && !value.trim());
}

function toText(name: string, value: unknown): string {
	if (typeof value === 'string' || typeof value === 'number') return readText(value) ?? '';
	throw unreadableOption(name, value, 'text');
}

function toBoolean(name: string, value: unknown): boolean {
	const text = inWords(value).toLowerCase();
	if (['true', '1'].includes(text)) return true;
	if (['false', '0'].includes(text)) return false;
	throw unreadableOption(name, value, 'true or false');
}

/** Any value as a text. Never fails, as String does for some objects, and JSON for others. */
function inWords(value: unknown): string {
	if (typeof value !== 'object') return String(value).trim();
	try {
		return JSON.stringify(value) ?? 'an object';
	} catch {
		return 'an object';
	}
}

/** A value in a sentence, which an item can make as long as a file. */
function shown(value: unknown): string {
	return shorten(inWords(value), 100);
}

function unreadableOption(name: string, value: unknown, expected: string): MediaError {
	return new MediaError(
		'permanent',
		`The option ${name} is ${typeof value === 'string' ? `"${shown(value)}"` : shown(value)}`,
		`It must be ${expected}. Change the expression in its field.`,
	);
}

function toNumber(field: INodeProperties, value: unknown): number {
	const { minValue = 0, maxValue = 1e6 } = field.typeOptions ?? {};
	const isEmpty = saysNothing(value);
	const number = isEmpty ? NaN : Number(inWords(value));
	if (number >= minValue && number <= maxValue) return number;
	throw new MediaError(
		'permanent',
		`${field.displayName} under Options is ${isEmpty ? 'empty' : `"${shown(value)}"`}`,
		`It must be a number from ${minValue} to ${maxValue}.`,
	);
}

/** The entries of a list that is separated by commas, semicolons or line breaks. */
export function splitList(text = ''): string[] {
	return text
		.split(/[,;\n]/)
		.map((entry) => entry.trim())
		.filter(Boolean);
}
