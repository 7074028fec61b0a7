import type { IDataObject, INodeExecutionData, INodeProperties } from 'n8n-workflow';

import { WhatsAppDeleteMedia } from '../../nodes/WhatsApp/WhatsAppDeleteMedia.node';
import { WhatsAppDownloadMedia } from '../../nodes/WhatsApp/WhatsAppDownloadMedia.node';
import { WhatsAppGetMediaUrl } from '../../nodes/WhatsApp/WhatsAppGetMediaUrl.node';
import { WhatsAppUploadMedia } from '../../nodes/WhatsApp/WhatsAppUploadMedia.node';
import { numberOptions, switchOptions } from '../../nodes/WhatsApp/execution/fields';
import { customerSent } from '../support/download';
import { startHarness, type Harness } from '../support/harness';

/**
 * Every field and option that takes an expression, with what a spreadsheet, a database or a form gives in its place. Each
 * value either counts as not given, or as what it says, or the item fails with a sentence.
 */

const NODES = {
	DownloadMedia: WhatsAppDownloadMedia,
	UploadMedia: WhatsAppUploadMedia,
	GetMediaUrl: WhatsAppGetMediaUrl,
	DeleteMedia: WhatsAppDeleteMedia,
};
const PDF = Buffer.from('%PDF-1.7\nan invoice');

type NodeName = keyof typeof NODES;

/** With these, an option is as good as not added. */
const EMPTY: unknown[] = [null, undefined, '', ' ', [], [null, '']];
const ODD: unknown[] = [
	...EMPTY,
	...[0, -1, 2024, 1e21, Number.NaN, Infinity, true, false, 'NaN', 'undefined', 'false', ' TRUE '],
	...[{}, { value: null }, { value: {} }, [{}], [[]], [0], [true], { toString: null }],
	...[
		new Date('2024-02-30T00:00:00Z'),
		new Date(Number.NaN),
		{ __proto__: null },
		'={{ 1 }}',
		'\u0000',
	],
];

let harness: Harness;
beforeAll(async () => {
	harness = await startHarness();
});
afterAll(async () => await harness.close());
beforeEach(() => harness.emulator.reset());

const fieldsOf = (node: NodeName) =>
	new NODES[node]().description.properties.filter(({ type }) => type !== 'notice');
const optionsOf = (node: NodeName) =>
	(fieldsOf(node).find(({ name }) => name === 'options')?.options ?? []) as INodeProperties[];

/** One item for each value, all in one execution. */
async function run(node: NodeName, values: unknown[], parameters: object) {
	const file = await harness.engine.file(PDF, {
		mimeType: 'application/pdf',
		fileName: 'invoice.pdf',
	});
	const items = values.map((odd) => ({
		json: { mediaId: customerSent(harness), order: 7, odd },
		binary: { data: file },
	}));
	const { output, error } = await harness.run(node, items as INodeExecutionData[], {
		onError: 'continueRegularOutput',
		parameters: parameters as never,
	});
	expect(error).toBeUndefined();
	expect(output[0]).toHaveLength(items.length);
	return output[0]!.map(({ json, binary }) => ({ json, fields: Object.keys(binary ?? {}) }));
}

/** What is the same for each item of the same kind. */
const facts = ({ json, fields }: { json: IDataObject; fields: string[] }) => {
	const { fileName, sha256, error } = json;
	const ownName = String(fileName).replace(/\d{6,}/, 'ID');
	return {
		fields,
		keys: Object.keys(json).sort(),
		ownName,
		sha256,
		error,
	};
};

const NO_SENTENCE =
	/undefined|NaN is|Cannot (read|convert)|is not (a function|iterable|defined|an object)|reading '|\bat \S+:\d+|\[object|\n/;

function checkSentence(value: unknown, { error, details }: IDataObject) {
	if (error === undefined) return;
	const text = `${String(error)}. ${String(details)}`;
	// A text is shown as it was given.
	const said = typeof value === 'string' && value.trim() ? text.replaceAll(value, '') : text;
	expect([value, said]).toEqual([value, expect.not.stringMatching(NO_SENTENCE)]);
	expect([value, said]).toEqual([value, expect.stringMatching(/^[A-Z"].+\. .{10,}$/)]);
}

const options = (Object.keys(NODES) as NodeName[]).flatMap((node) =>
	optionsOf(node).map((option) => [node, option.name, option] as const),
);

test.each(options)('%s, option %s', async (node, name, { type }) => {
	const given = { options: { [name]: '={{ $json.odd }}' } };
	const [standard] = (await run(node, ['x'], {})).map(facts);
	const results = await run(node, ODD, given);
	const isNumber = numberOptions.some((field) => field.name === name);
	for (const [index, result] of results.entries()) {
		const value = ODD[index];
		checkSentence(value, result.json);
		if (Number.isNaN(value)) expect(result.json.fileName ?? '').not.toMatch(/NaN/);
		expect(result.json.fileName ?? '').not.toMatch(/\[object/);
		if (EMPTY.includes(value)) {
			// A limit that says nothing is an error: all would pass it.
			if (isNumber) expect(result.json.error).toMatch(/ under Options is empty$/);
			else expect([value, facts(result)]).toEqual([value, standard]);
		}
	}
	if (type !== 'resourceLocator') return;
	for (const mode of ['list', 'id']) {
		const locator = { __rl: true, mode, value: '={{ $json.odd }}' };
		const located = await run(node, ODD, { options: { [name]: locator } });
		for (const [index, { json }] of located.entries()) checkSentence(ODD[index], json);
	}
});

/** What an expression can make, and no table holds. */
const EXPRESSIONS = [
	...['Symbol("x")', 'BigInt(10)', 'new Map()', '/x/', '$json'],
	...['Object.create(null)', '({ size: BigInt(1) })', '({ toJSON: () => undefined })'],
	'Object.assign([], { 2: 1 })',
];

test.each(options)('%s, option %s, of what no table holds', async (node, name) => {
	for (const expression of EXPRESSIONS) {
		const given = { options: { [name]: `={{ ${expression} }}` } };
		const [{ json } = { json: {} as IDataObject }] = await run(node, ['x'], given);
		checkSentence(expression, json);
	}
});

const fields = (Object.keys(NODES) as NodeName[]).flatMap((node) =>
	fieldsOf(node).flatMap(({ name, type }) =>
		type === 'collection' ? [] : [[node, name] as const],
	),
);

test.each([...new Map(fields.map((field) => [field.join(), field])).values()])(
	'%s, field %s',
	async (node, name) => {
		const results = await run(node, ODD, { [name]: '={{ $json.odd }}' });
		for (const [index, { json }] of results.entries()) checkSentence(ODD[index], json);
	},
);

test('a number that n8n’s Aggregate has put into a list is that number; two are none', async () => {
	const given = { options: { maxSizeMb: '={{ $json.odd }}' } };
	const results = await run('DownloadMedia', [[5], ['5'], [5, 6], [null]], given);
	expect(results.map(({ json }) => json.error)).toEqual([
		undefined,
		undefined,
		'Maximum Size (MB) under Options is "[5,6]"',
		'Maximum Size (MB) under Options is empty',
	]);
});

describe('a switch', () => {
	test.each([
		[0, false],
		['0', false],
		[1, true],
		[[false], false],
		[['TRUE'], true],
		['no', undefined],
	])('that is %p', async (value, keeps) => {
		const given = { options: { keepInputFields: '={{ $json.odd }}' } };
		const [{ json } = { json: {} as IDataObject }] = await run('DownloadMedia', [value], given);
		if (keeps === undefined)
			expect(json).toMatchObject({
				error: 'The option keepInputFields is "no"',
				details: 'It must be true or false. Change the expression in its field.',
			});
		else expect('order' in json).toBe(keeps);
	});

	test('every one of them is in this table', () => {
		const names = options.map(([, name]) => name);
		const ofTriggers = ['autoDownload', 'downloadFiles', 'includeRaw'];
		expect(names).toEqual(
			expect.arrayContaining(switchOptions.filter((name) => !ofTriggers.includes(name))),
		);
	});
});

test('File Name switched off, and Allowed MIME Types of nothing', async () => {
	const [standard] = (await run('DownloadMedia', ['x'], {})).map(facts);
	for (const given of [
		{ fileName: false },
		{ allowedMimeTypes: null },
		{ fileName: '={{ false }}' },
	])
		expect((await run('DownloadMedia', ['x'], { options: given })).map(facts)).toEqual([standard]);
});
