import { Fields, normalize, readFormFile, readMediaMessage, type FoundMedia } from './readMedia';

/** Real messages nest less than half as deep, and consist of less than a hundredth of the objects. */
const MAX_DEPTH = 32;
const MAX_OBJECTS = 50_000;

/** A media message has some thirty fields; what has many more is a list of bytes. */
const MAX_FIELDS = 200;

/** Below these stand other files than the message's own, some under keys of other kinds. */
const NOT_THE_FILE = new Set(
	[
		// The message that is answered, as clients and gateways name it.
		'quotedMessage',
		'quotedMsg',
		'quotedMsgObj',
		'quoted',
		'replyTo',
		// Baileys `proto.IMessage`: the preview of a link, packs, histories, backgrounds, stickers upon a status.
		'extendedTextMessage',
		'stickerPackMessage',
		'historySyncNotification',
		'messageHistoryBundle',
		'paymentBackground',
		'interactiveAnnotations',
		'annotations',
	].map(normalize),
);

interface Step {
	value: object;
	path: string;
	/** The field it stands in; an entry of a list stands in the list's. */
	name: string;
	around: Fields;
	depth: number;
}

/**
 * Every file of WhatsApp's that an item names, wherever in it: in a message as a gateway's webhook or API gives it, or in
 * the answer to a form. A file that stands there twice is found once. Those without a key count only where no other is.
 */
export function findMedia(item: unknown): FoundMedia[] {
	const found = new Map<string, FoundMedia>();
	const steps: Step[] = [];
	if (isTree(item)) steps.push({ value: item, path: '', name: '', around: NO_FIELDS, depth: 0 });
	// The list grows on the way: what is nearer to the surface comes first.
	for (const step of steps) {
		const fields = fieldsAt(step.value);
		const place = { ...step, fields };
		const media = readFormFile(place) ?? readMediaMessage(place);
		if (media && !found.has(identity(media))) found.set(identity(media), media);
		if (media || step.depth === MAX_DEPTH) continue;
		for (const below of stepsBelow(step, fields)) {
			if (steps.length >= MAX_OBJECTS) break;
			steps.push(below);
		}
	}
	const all = [...found.values()];
	const usable = all.filter(({ secret }) => secret !== 'missing');
	return usable.length ? usable : all;
}

const NO_FIELDS = new Fields();

function fieldsAt(value: object): Fields {
	return Array.isArray(value) || Object.keys(value).length > MAX_FIELDS
		? NO_FIELDS
		: new Fields(value);
}

function* stepsBelow({ value, path, name, around, depth }: Step, fields: Fields): Generator<Step> {
	if (Array.isArray(value)) {
		for (const [index, entry] of value.entries())
			if (isTree(entry))
				yield { value: entry, path: `${path}[${index}]`, name, around, depth: depth + 1 };
		return;
	}
	for (const [key, entry] of Object.entries(value)) {
		if (isTree(entry) && !NOT_THE_FILE.has(normalize(key)))
			yield {
				value: entry,
				path: path ? `${path}.${key}` : key,
				name: key,
				around: fields,
				depth: depth + 1,
			};
	}
}

function isTree(value: unknown): value is object {
	return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);
}

/** No two files have one key. */
function identity({ secret, urls }: FoundMedia): string {
	const { mediaKey, cipherKey } = Object(secret) as { mediaKey?: Buffer; cipherKey?: Buffer };
	return (mediaKey ?? cipherKey)?.toString('hex') || urls[0]!;
}
