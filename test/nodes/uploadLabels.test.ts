import { execFileSync } from 'node:child_process';
import { lookup } from 'mime-types';

import { fixture } from '../support/files';
import { sha256, startHarness, type Harness, type Vendor } from '../support/harness';
import { fixtureFile } from '../support/paths';
import { uploadFiles } from '../support/run';

/**
 * What a file is said to be, what it is, and what it is called: what becomes of each combination on its way out. Judges are
 * npm's file-type (of the bytes that arrive) and mime-types (of the name that they arrive under).
 */

const OFFICE = 'application/vnd.openxmlformats-officedocument.';
const DOCX = `${OFFICE}wordprocessingml.document`;
const XLSX = `${OFFICE}spreadsheetml.sheet`;
const PPTX = `${OFFICE}presentationml.presentation`;
const PDF = Buffer.from('%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\n');
const OLE = 'sheet.xls';
/** A document whose first names are those of pictures, so that its first bytes do not say what it is. */
const LATE_PARTS = 'archive.zip';
const TEXT = Buffer.from('name;price\napples;3\n');
const text = (...lines: string[]) => Buffer.from(lines.join('\n'));

const NOT_FOUND = text('{"message":"Not Found"}');
const S3_ERROR = text('<?xml version="1.0"?>', '<Error><Code>AccessDenied</Code></Error>');
const STACK = text('Error: ENOENT', '    at Object.open (node:fs:1)');
const COMMENTED_PAGE = text('<!-- proxy 7 -->', '<html><body>Log in</body></html>');
const BASE64 = text(PDF.toString('base64'));

let harness: Harness;
beforeAll(async () => {
	harness = await startHarness();
});
afterAll(async () => await harness.close());
beforeEach(() => harness.emulator.reset());

const upload = async (
	bytes: Buffer,
	about: { mimeType: string; fileName?: string; vendor?: Vendor; options?: object },
) => {
	const { vendor = 'meta' } = about;
	const result = await uploadFiles(harness, bytes, about);
	const kept = result.json && harness.emulator[vendor].store.get(String(result.json.mediaId));
	return { ...result, kept };
};

/** The same type under another name. */
const SAME: Record<string, string> = {
	'audio/x-m4a': 'audio/mp4',
	'audio/x-aac': 'audio/aac',
	'audio/opus': 'audio/ogg',
	'audio/ogg; codecs=opus': 'audio/ogg',
	'audio/3gpp': 'video/3gpp',
	'application/x-cfb': 'application/vnd.ms-excel',
};
const usual = (type: string) => SAME[type] ?? type;

/** file-type is an ES module, which jest cannot load. */
const FILE_TYPE = new Map<string, string>();
function typesOfFixtures(names: string[]): void {
	const script = `import { fileTypeFromFile } from 'file-type';
		const types = await Promise.all(process.argv.slice(1).map(async (path) => (await fileTypeFromFile(path))?.mime));
		console.log(JSON.stringify(types));`;
	const args = ['--input-type=module', '-e', script, ...names.map(fixtureFile)];
	const types = JSON.parse(execFileSync('node', args).toString()) as string[];
	names.forEach((name, index) => FILE_TYPE.set(name, usual(types[index] ?? 'text/plain')));
}

type Case = [
	label: string,
	bytes: string | Buffer,
	name: string | undefined,
	sent: string,
	called: string,
];

const SENT: Case[] = [
	// A label that says nothing.
	['application/force-download', PDF, 'invoice.pdf', 'application/pdf', 'invoice.pdf'],
	['application/force-download', PDF, undefined, 'application/pdf', 'file.pdf'],
	['application/x-octet-stream', PDF, 'invoice.pdf', 'application/pdf', 'invoice.pdf'],
	['binary/octet-stream', PDF, 'download.php', 'application/pdf', 'download.pdf'],
	['application/octet-stream', PDF, 'download.php', 'application/pdf', 'download.pdf'],
	['*/*', PDF, 'invoice.pdf', 'application/pdf', 'invoice.pdf'],
	['*/*', PDF, 'Rechnung Nr.17', 'application/pdf', 'Rechnung Nr.17.pdf'],
	['application/unknown', 'rgb.jpg', 'IMG_1', 'image/jpeg', 'IMG_1.jpg'],
	['application/octet-stream', 'rgb.jpg', 'photo.png', 'image/jpeg', 'photo.jpg'],
	['application/octet-stream', 'mono.ogg', 'voice.mp4', 'audio/ogg', 'voice.ogg'],
	['application/download', 'invoice.docx', undefined, DOCX, 'file.docx'],
	['pdf', PDF, 'invoice', 'application/pdf', 'invoice.pdf'],
	['text/plain', PDF, 'invoice.pdf', 'application/pdf', 'invoice.pdf'],
	['text/plain', 'sound.m4a', 'voice.m4a', 'audio/mp4', 'voice.m4a'],
	['application/octet-stream', 'sound-only.mp4', undefined, 'audio/mp4', 'file.m4a'],
	['application/octet-stream', 'sound-only.mp4', 'recording.mp4', 'audio/mp4', 'recording.m4a'],
	['application/octet-stream', 'fragmented.m4a', 'recording', 'audio/mp4', 'recording.m4a'],
	['application/octet-stream', 'good.mp4', 'voice.m4a', 'video/mp4', 'voice.mp4'],
	// Another word for the same.
	['application/acrobat', PDF, 'invoice.pdf', 'application/pdf', 'invoice.pdf'],
	['application/x-pdf', PDF, 'invoice.pdf', 'application/pdf', 'invoice.pdf'],
	['application/vnd.pdf', PDF, 'invoice.pdf', 'application/pdf', 'invoice.pdf'],
	['application/json', PDF, 'invoice.pdf', 'application/pdf', 'invoice.pdf'],
	['image/jfif', 'rgb.jpg', 'photo.jfif', 'image/jpeg', 'photo.jpg'],
	['audio/x-m4a', 'sound.m4a', 'voice.m4a', 'audio/mp4', 'voice.m4a'],
	['audio/opus', 'mono.ogg', 'voice.opus', 'audio/ogg', 'voice.ogg'],
	['audio/ogg; codecs=opus', 'mono.ogg', 'voice.oga', 'audio/ogg', 'voice.ogg'],
	// A wrong word of the same half.
	['image/heic', 'rgb.jpg', 'IMG_0001.HEIC', 'image/jpeg', 'IMG_0001.jpg'],
	['image/png', 'rgb.jpg', 'photo.png', 'image/jpeg', 'photo.jpg'],
	['image/webp', 'rgb.jpg', 'photo.webp', 'image/jpeg', 'photo.jpg'],
	['image/gif', 'rgb.png', 'logo.gif', 'image/png', 'logo.png'],
	['image/jpeg', 'sticker.webp', 'sticker.jpg', 'image/webp', 'sticker.webp'],
	['video/quicktime', 'good.mp4', 'clip.mov', 'video/mp4', 'clip.mp4'],
	['video/webm', 'good.mp4', 'clip.webm', 'video/mp4', 'clip.mp4'],
	['video/x-msvideo', 'good.mp4', 'clip.avi', 'video/mp4', 'clip.mp4'],
	['video/quicktime', 'good.3gp', 'clip.mov', 'video/3gpp', 'clip.3gp'],
	['audio/wav', 'mono.ogg', 'voice.wav', 'audio/ogg', 'voice.ogg'],
	['audio/wav', 'plain.mp3', 'voice.wav', 'audio/mpeg', 'voice.mp3'],
	['audio/wav', 'tagged.mp3', 'voice.wav', 'audio/mpeg', 'voice.mp3'],
	['audio/mpeg', 'mono.ogg', 'voice.mp3', 'audio/ogg', 'voice.ogg'],
	['audio/mpeg', 'sound.m4a', 'voice.mp3', 'audio/mp4', 'voice.m4a'],
	['audio/ogg', 'sound-only.mp4', 'voice.ogg', 'audio/mp4', 'voice.m4a'],
	['audio/aac', 'sound-only.mp4', 'voice.aac', 'audio/mp4', 'voice.m4a'],
	['audio/webm', 'mono.ogg', 'voice.webm', 'audio/ogg', 'voice.ogg'],
	['audio/mp3', 'adts.aac', 'voice.mp3', 'audio/aac', 'voice.aac'],
	['audio/3gpp', 'sound.amr', 'voice.3gp', 'audio/amr', 'voice.amr'],
	['application/msword', PDF, 'contract.doc', 'application/pdf', 'contract.pdf'],
	// Zip and old containers: the name decides, where the bytes do not.
	['application/zip', 'invoice.docx', 'invoice.docx', DOCX, 'invoice.docx'],
	['application/x-zip-compressed', 'sheet.xlsx', 'sheet.xlsx', XLSX, 'sheet.xlsx'],
	['application/zip', 'slides.pptx', undefined, PPTX, 'file.pptx'],
	['application/zip', LATE_PARTS, 'letter.docx', DOCX, 'letter.docx'],
	['application/octet-stream', LATE_PARTS, 'sheet.xlsx', XLSX, 'sheet.xlsx'],
	['application/msword', 'invoice.docx', 'letter.doc', DOCX, 'letter.docx'],
	[DOCX, 'sheet.xlsx', 'sheet.docx', XLSX, 'sheet.xlsx'],
	['application/x-ole-storage', OLE, 'sheet.xls', 'application/vnd.ms-excel', 'sheet.xls'],
	['application/octet-stream', OLE, 'letter.doc', 'application/msword', 'letter.doc'],
	['application/vnd.ms-office', OLE, 'slides.ppt', 'application/vnd.ms-powerpoint', 'slides.ppt'],
	['application/msword', OLE, 'sheet.xls', 'application/vnd.ms-excel', 'sheet.xls'],
	[DOCX, OLE, 'locked.docx', DOCX, 'locked.docx'],
	// The label is right: the name follows it.
	['audio/ogg', 'mono.ogg', 'voice.mp4', 'audio/ogg', 'voice.ogg'],
	['audio/ogg', 'mono.ogg', 'voice.opus', 'audio/ogg', 'voice.ogg'],
	['image/jpeg', 'rgb.jpg', 'IMG_0001.HEIC', 'image/jpeg', 'IMG_0001.jpg'],
	['image/jpeg', 'rgb.jpg', 'photo.jfif', 'image/jpeg', 'photo.jpg'],
	['image/jpeg', 'rgb.jpg', 'photo.jpeg', 'image/jpeg', 'photo.jpeg'],
	['image/jpeg', 'rgb.jpg', 'PHOTO.JPG', 'image/jpeg', 'PHOTO.JPG'],
	['application/pdf', PDF, 'download.php', 'application/pdf', 'download.pdf'],
	['application/pdf', PDF, 'Angebot 12.03.2026', 'application/pdf', 'Angebot 12.03.2026.pdf'],
	['application/pdf', PDF, 'invoice.PDF', 'application/pdf', 'invoice.PDF'],
	['application/pdf', PDF, 'invoice.pdf.exe', 'application/pdf', 'invoice.pdf.pdf'],
	['video/mp4', 'good.mp4', 'clip.mov', 'video/mp4', 'clip.mp4'],
	['video/mp4', 'good.mp4', 'clip.m4v', 'video/mp4', 'clip.mp4'],
	['audio/mp4', 'sound-only.mp4', 'voice.mp4', 'audio/mp4', 'voice.m4a'],
	['text/plain', TEXT, 'orders.csv', 'text/plain', 'orders.txt'],
	['text/plain', TEXT, 'server.log', 'text/plain', 'server.txt'],
	['application/vnd.ms-excel', TEXT, 'orders.xls', 'application/vnd.ms-excel', 'orders.xls'],
	['application/msword', 'invoice.rtf', 'letter.doc', 'application/msword', 'letter.doc'],
	['application/octet-stream', TEXT, 'notes', 'text/plain', 'notes.txt'],
];

typesOfFixtures(SENT.map(([, bytes]) => bytes).filter((bytes) => typeof bytes === 'string'));

describe.each(SENT)('%s over %s named %s', (mimeType, given, fileName, sent, called) => {
	test(`goes as ${sent}, ${called}`, async () => {
		const bytes = typeof given === 'string' ? fixture(given) : given;
		const { kept, json, message, hints } = await upload(bytes, { mimeType, fileName });
		expect(message).toBeUndefined();
		expect(kept).toMatchObject({ mimeType: sent, fileName: called });
		expect(json).toMatchObject({ mimeType: sent, fileName: called, sha256: sha256(bytes) });
		expect(kept!.sha256.toString('hex')).toBe(sha256(bytes));
		expect(usual(String(lookup(called)))).toBe(sent);
		// file-type reads no further than the container of old Office files and of this archive.
		const isJudged = typeof given === 'string' && ![OLE, LATE_PARTS, 'invoice.rtf'].includes(given);
		// A container's bytes do not say which half it is; the label does.
		const judged = FILE_TYPE.get(String(given))?.replace(
			'video/mp4',
			sent.includes('/mp4') ? sent : '',
		);
		if (isJudged) expect(judged).toBe(sent);
		for (const hint of hints)
			expect(hint).toMatch(/and were uploaded as that\.$|index \(moov\) is at the end/);
	});
});

test.each([
	['image/heic', 'rgb.jpg', 'IMG.HEIC', 'image/jpeg'],
	['application/force-download', PDF, 'invoice.pdf', 'application/pdf'],
	['*/*', PDF, undefined, 'application/pdf'],
	['application/zip', 'invoice.docx', 'invoice.docx', DOCX],
])('%s: the hint says what was sent instead', async (mimeType, given, fileName, sent) => {
	const bytes = typeof given === 'string' ? fixture(given) : given;
	expect((await upload(bytes, { mimeType, fileName })).hints).toEqual([
		`1 of 1 files declared as ${mimeType} are ${sent}, and were uploaded as that.`,
	]);
});

test.each([
	['application/pdf', PDF, 'invoice.pdf'],
	['application/octet-stream', 'invoice.docx', 'report.docx'],
	['audio/ogg; codecs=opus', 'mono.ogg', 'voice.ogg'],
	['<b>pdf</b>', PDF, 'invoice.pdf'],
])('%s named %3$s: nothing to say', async (mimeType, given, fileName) => {
	const bytes = typeof given === 'string' ? fixture(given) : given;
	expect((await upload(bytes, { mimeType, fileName })).hints).toEqual([]);
});

const REFUSED: Array<
	[label: string, bytes: string | Buffer, name: string | undefined, why: RegExp, say?: RegExp]
> = [
	// What a server answered, under the name of the file that it did not have.
	...[NOT_FOUND, S3_ERROR, STACK, BASE64, TEXT].flatMap((bytes) =>
		(
			[
				['application/pdf', 'invoice.pdf'],
				['application/octet-stream', 'invoice.pdf'],
				['text/plain', 'invoice.pdf'],
				['image/jpeg', 'photo.jpg'],
				[DOCX, 'letter.docx'],
				['audio/mpeg', 'voice.mp3'],
				['video/mp4', 'clip.mp4'],
			] as const
		).map(([label, name]): (typeof REFUSED)[number] => [
			label,
			bytes,
			name,
			/but its content is text\/plain$/,
		]),
	),
	[
		'application/json',
		NOT_FOUND,
		'invoice.pdf',
		/its name says application\/pdf, but its content is text\/plain$/,
	],
	[
		'application/vnd.ms-excel',
		NOT_FOUND,
		'orders.xls',
		/but its content is text\/plain$/,
		/server’s error message/,
	],
	[
		'application/msword',
		S3_ERROR,
		'letter.doc',
		/but its content is text\/plain$/,
		/server’s error message/,
	],
	[
		'application/pdf',
		BASE64,
		'invoice.pdf',
		/but its content is text\/plain$/,
		/application\/pdf file as base64 text/,
	],
	['application/pdf', COMMENTED_PAGE, 'invoice.pdf', /but its content is text\/html$/, /web page/],
	[
		'application/pdf',
		text('<head><title>Log in</title>'),
		'a.pdf',
		/but its content is text\/html$/,
	],
	['application/pdf', text('<body>Log in'), 'a.pdf', /but its content is text\/html$/],
	[
		'application/pdf',
		text('<?xml version="1.0"?>', '<!DOCTYPE html><html>'),
		'a.pdf',
		/but its content is text\/html$/,
	],
	[
		'application/pdf',
		text('\ufeff\n\n<!DOCTYPE HTML PUBLIC "-//W3C//DTD">'),
		'a.pdf',
		/but its content is text\/html$/,
	],
	[
		'text/html',
		COMMENTED_PAGE,
		'invoice.pdf',
		/its name says application\/pdf, but its content is text\/html$/,
	],
	['image/png', COMMENTED_PAGE, 'logo.png', /but its content is text\/html$/],
	// Another half.
	[
		'application/pdf',
		'mono.ogg',
		'a.pdf',
		/is declared as application\/pdf, but its content is audio\/ogg$/,
	],
	['image/jpeg', 'good.mp4', 'a.jpg', /is declared as image\/jpeg, but its content is video\/mp4$/],
	['video/mp4', 'mono.ogg', 'a.mp4', /is declared as video\/mp4, but its content is audio\/ogg$/],
	['text/html', PDF, 'a.html', /is declared as text\/html, but its content is application\/pdf$/],
	['image/png', PDF, 'a.png', /is declared as image\/png, but its content is application\/pdf$/],
	// What the provider does not take, whatever it is called.
	[
		'image/jpeg',
		'heic.heic',
		'photo.jpg',
		/is declared as image\/jpeg, but its content is image\/heic$/,
	],
	[
		'audio/ogg',
		'recorded.webm',
		'voice.ogg',
		/is declared as audio\/ogg, but its content is audio\/webm$/,
	],
	[
		'audio/mpeg',
		'sound.wav',
		'voice.mp3',
		/is declared as audio\/mpeg, but its content is audio\/wav$/,
	],
	['application/octet-stream', 'archive.zip', 'files.zip', /ZIP files are not supported$/],
	['application/zip', LATE_PARTS, 'app.apk', /ZIP files are not supported$/],
	[
		'application/octet-stream',
		Buffer.alloc(999, 7),
		undefined,
		/files of type application\/octet-stream are not supported$/,
	],
	['application/pdf', Buffer.alloc(999, 7), 'a.pdf', /its content is something else$/],
	[
		'text/plain',
		Buffer.alloc(999, 7),
		'a.pdf',
		/its name says application\/pdf, but its content is something else$/,
	],
];

describe.each(REFUSED)('%s over %s named %s', (mimeType, given, fileName, why, say = /./) => {
	test(`is refused: ${why.source}`, async () => {
		const bytes = typeof given === 'string' ? fixture(given) : given;
		const { message, description } = await upload(bytes, { mimeType, fileName });
		expect(message).toMatch(/^"[^"]+" \([\d.]+ (bytes|KB)\) was not uploaded: /);
		expect(message).toMatch(why);
		expect(description).toMatch(say);
		expect(harness.emulator.requests).toEqual([]);
	});
});

test('the type that the user enters stands above the name', async () => {
	const options = { mimeType: 'text/plain' };
	const { kept } = await upload(STACK, {
		mimeType: 'application/pdf',
		fileName: 'trace.pdf',
		options,
	});
	expect(kept).toMatchObject({ mimeType: 'text/plain', fileName: 'trace.txt' });
});

test('unchecked, the name follows the type all the same', async () => {
	const options = { checkFile: false };
	const about = { mimeType: 'audio/ogg', fileName: 'voice.opus', options };
	expect((await upload(fixture('mono.ogg'), about)).kept).toMatchObject({ fileName: 'voice.ogg' });
});

describe('where a vendor takes anything', () => {
	const vendor = 'whapi' as const;

	test.each<Case>([
		['application/zip', 'invoice.docx', 'letter.docx', DOCX, 'letter.docx'],
		[
			'application/zip',
			LATE_PARTS,
			'app.apk',
			'application/vnd.android.package-archive',
			'app.apk',
		],
		['application/zip', LATE_PARTS, 'files.zip', 'application/zip', 'files.zip'],
		['application/vnd.ms-excel', TEXT, 'orders.csv', 'text/csv', 'orders.csv'],
		['text/plain', TEXT, 'orders.csv', 'text/csv', 'orders.csv'],
		['text/plain', TEXT, 'README.md', 'text/markdown', 'README.md'],
		['application/json', NOT_FOUND, 'data.json', 'application/json', 'data.json'],
		['text/plain', NOT_FOUND, 'data.json', 'application/json', 'data.json'],
		['application/force-download', PDF, 'invoice', 'application/pdf', 'invoice.pdf'],
		['text/html', COMMENTED_PAGE, 'page.html', 'text/html', 'page.html'],
		['application/x-unheard-of', Buffer.alloc(9, 7), 'a.xyz', 'application/x-unheard-of', 'a.xyz'],
	])('%s over %s named %s: %s, %s', async (mimeType, given, fileName, sent, called) => {
		const bytes = typeof given === 'string' ? fixture(given) : given;
		const { message, kept, json } = await upload(bytes, { vendor, mimeType, fileName });
		expect(message).toBeUndefined();
		expect(json).toMatchObject({ mimeType: sent, fileName: called });
		expect(kept).toMatchObject({ mimeType: sent });
	});

	test.each([
		['application/pdf', NOT_FOUND],
		['application/pdf', COMMENTED_PAGE],
		['text/plain', S3_ERROR],
		['application/octet-stream', STACK],
	])('%s over %s: no invoice.pdf', async (mimeType, bytes) => {
		const { message } = await upload(bytes, { vendor, mimeType, fileName: 'invoice.pdf' });
		expect(message).toMatch(/(as|says) application\/pdf, but its content is text\/(plain|html)$/);
		expect(harness.emulator.requests).toEqual([]);
	});
});
