/** What goes wrong beyond one answer: it has suites of its own. docs/faults.md lists them. */
export interface FaultClass {
	name: string;
	/** What holds then, in a sentence or two. */
	holds: string;
	/** The proof: a file under test/, and in it words of the title of a test. */
	tests: Array<[file: string, title: string]>;
}

export const CLASSES: FaultClass[] = [
	{
		name: 'Hostile items',
		holds:
			'An item may hold anything: `null`, numbers and lists where texts belong, hashes in any spelling, binary fields named `constructor`, another file’s ID beside this file’s facts. It becomes a file or a sentence that names it; no other item pays for it. So does what an expression gives for any field or option: what is empty counts as not given.',
		tests: [
			['nodes/items.test.ts', 'an item from a table'],
			['nodes/items.test.ts', '500 uploads: each fails or goes by itself, in order'],
			['nodes/oddValues.test.ts', '%s, option %s'],
		],
	},
	{
		name: 'Hostile bodies',
		holds:
			'Of a delivery, what cannot be read costs itself only; the photo beside it arrives, and the provider hears 200. Nothing unsigned starts anything.',
		tests: [
			['providers/hostile.test.ts', 'the one beside each of them arrives'],
			['fuzz/trigger.test.ts', 'signed bodies: 200, and what starts is a file'],
			['n8n/trigger/hostile.ts', 'hostile requests'],
		],
	},
	{
		name: 'Trickling',
		holds:
			'A server that declares 256 MB and sends a byte now and then counts as silent after *Timeout*. It holds up no small file, and no large one for longer than *Timeout*.',
		tests: [
			['nodes/downloadLimits.test.ts', 'a file that trickles in counts as silent'],
			['nodes/downloadLimits.test.ts', 'holds up no small one of another execution'],
		],
	},
	{
		name: 'Chunked, without a length',
		holds:
			'Bytes are counted as they pass: against *Maximum Size*, against what was announced, and against the memory that all files share. A body that dies is said to be incomplete.',
		tests: [
			['nodes/memoryBudget.test.ts', 'files of unknown size count as they come'],
			['nodes/downloadChecks.test.ts', 'a connection that dies at 60 %'],
		],
	},
	{
		name: 'Compressed',
		holds:
			'A body that comes compressed, though nobody asked, is a file like any other; what n8n cannot unzip ends with a sentence, unless it is what was announced. A few bytes that inflate to very many are cut off, by what was announced or by *Maximum Size*. Where no size or hash was announced, half of a compressed body whose host ends it as if it were whole goes on: n8n’s helper does not check its end, and hides that it was compressed.',
		tests: [
			['nodes/downloadChecks.test.ts', 'a body that comes compressed'],
			['nodes/downloadChecks.test.ts', 'a few bytes that inflate to very many are cut off'],
			['nodes/hostileFiles.test.ts', 'a body that is still encoded'],
		],
	},
	{
		name: 'Stale answers',
		holds:
			'An API that gives out an old URL, and a host that answers 401, 403, 404, 410 or a page at a URL that is a moment old, are asked again, within *Maximum Tries*.',
		tests: [
			['nodes/downloadUrl.test.ts', 'though Graph has just given it out: that is temporary'],
			['nodes/downloadUrl.test.ts', 'an old answer of Graph'],
		],
	},
	{
		name: 'Concurrent executions',
		holds:
			'They share one budget of memory, in their order. An upload that two want at once is one upload, or two that both exist.',
		tests: [
			['nodes/memoryBudget.test.ts', 'files get room in their order'],
			['nodes/items.test.ts', 'two executions at once with Reuse Earlier Upload'],
		],
	},
	{
		name: 'Tests beside production',
		holds:
			'*Execute step* takes what it shows. Whatever the draft’s filter drops starts the published workflow, also out of the same delivery; a test that is killed or forgotten takes nothing.',
		tests: [
			['n8n/trigger/draft.ts', 'what the draft drops starts production'],
			['nodes/testForwarding.test.ts', 'each file is shown or starts production, once'],
			['n8n/trigger/testing.ts', 'killed in the middle of tests'],
		],
	},
	{
		name: 'Copies of what is under way',
		holds:
			'A message that comes again while its first delivery is under way starts nothing, and is answered 200 only once n8n has started with it. If that takes longer than five minutes, or a second beside a new message, the answer is 503, so that the provider delivers it again; the new one starts all the same.',
		tests: [
			['nodes/trigger.test.ts', 'while the first is undecided: the new one starts'],
			['n8n/trigger/hostile.ts', 'a copy of what is under way'],
		],
	},
	{
		name: 'What runs after the end',
		holds:
			'Stopping an execution ends its transfers, its waits and its share of the memory; nothing of it stays in the store. A node that fails starts no more files. A live connection that is closed is not opened again. A workflow that is unpublished still starts with the files under way, and waits a minute for them at most. The rest of a file that hangs before it begins ends with the file’s own *Timeout*.',
		tests: [
			['nodes/downloadLimits.test.ts', 'stopping the execution ends a file'],
			['nodes/resumingReply.test.ts', 'a cancelled execution waits for no further try'],
			['nodes/downloadFiles.test.ts', 'starts without those that go on and on'],
			['nodes/perItem.test.ts', 'without Continue On Fail the node stops'],
			['nodes/liveConnection.test.ts', 'ends with the last listener'],
			['nodes/streamTrigger.test.ts', 'closing twice leaves a newer connection alone'],
		],
	},
];

export const CLASSES_HEADING = 'Beyond one answer';

export function classesSection(): string[] {
	const link = ([file]: [string, string]) => `[${file}](../test/${file})`;
	return [
		'What the tables below do not show has suites of its own.',
		'',
		...CLASSES.map(
			({ name, holds, tests }) =>
				`* **${name}.** ${holds} ${[...new Set(tests.map(link))].join(', ')}.`,
		),
	];
}
