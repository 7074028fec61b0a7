import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';

import {
	contradicts,
	detectMimeType,
	FIRST_BYTES,
	isOnlyTags,
	looksLikeText,
} from '../../nodes/WhatsApp/formats/detectMimeType';
import { inflateStart } from '../../nodes/WhatsApp/formats/inflate';
import { mimeEssence } from '../../nodes/WhatsApp/formats/mimeTypes';
import { fixture } from '../support/files';
import { fixtureFile } from '../support/paths';
import { MIME_TYPES } from './realFiles';

test('the table of real files is complete', () => {
	expect(Object.keys(MIME_TYPES).sort()).toEqual(
		readdirSync(fixtureFile('.'))
			.filter((name) => !/^(make\.sh|zips\.py)$/.test(name))
			.sort(),
	);
});

test.each(Object.entries(MIME_TYPES))('%s is %s by its first bytes', (name, type) => {
	expect(detectMimeType(fixture(name).subarray(0, FIRST_BYTES))).toBe(type);
	expect(looksLikeText(fixture(name))).toBe(['note.txt', 'invoice.rtf'].includes(name));
});

test('MP3 and AAC behind a tag, and what only begins like a sound', () => {
	const tag = Buffer.from([
		...Buffer.from('ID3'),
		3,
		0,
		0,
		0,
		0,
		0,
		20,
		...Array<number>(20).fill(0),
	]);
	expect(detectMimeType(Buffer.concat([tag, fixture('adts.aac')]))).toBe('audio/aac');
	expect(detectMimeType(Buffer.concat([tag, fixture('plain.mp3')]))).toBe('audio/mpeg');
	expect(detectMimeType(Buffer.from('\ufeffUTF-16 text', 'utf16le'))).toBeUndefined();
	expect(looksLikeText(Buffer.from('\ufeffUTF-16 text', 'utf16le'))).toBe(true);
	expect(detectMimeType(Buffer.alloc(100, 0xff))).toBeUndefined();
});

test('pages, and PDFs behind a few lines', () => {
	expect(detectMimeType(Buffer.from('\n<!DOCTYPE html><title>Log in</title>'))).toBe('text/html');
	expect(detectMimeType(Buffer.from('<html lang="en">'))).toBe('text/html');
	expect(detectMimeType(Buffer.from('<htmlish>'))).toBeUndefined();
	for (const page of [
		'\ufeff<!-- proxy 7 -->\n<!-- -->\n<!DOCTYPE HTML PUBLIC "-//W3C//DTD">',
		'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html>',
		'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">',
		'<head><title>Log in</title>',
		'\n<BODY class="login">',
		`<!-- ${'a long licence '.repeat(400)}`,
	])
		expect(detectMimeType(Buffer.from(page))).toBe('text/html');
	for (const text of [
		'<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>',
		'<!-- a drawing --><svg xmlns="http://www.w3.org/2000/svg"/>',
		'<header>',
		'<bodywork>',
	])
		expect(detectMimeType(Buffer.from(text))).toBeUndefined();
	expect(detectMimeType(Buffer.from('%!PS a note\n%PDF-1.4\n1 0 obj'))).toBe('application/pdf');
	expect(detectMimeType(Buffer.from('a letter about %PDF'))).toBeUndefined();
});

test.each([
	[
		'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
		'application/zip',
		false,
	],
	[
		'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
		'application/x-ole-storage',
		false,
	], // under a password
	['application/vnd.android.package-archive', 'application/zip', false],
	['application/msword', 'application/rtf', false],
	['application/vnd.ms-excel', 'text/html', false],
	['audio/mp4', 'video/mp4', false],
	['video/3gpp', 'video/mp4', false],
	['text/csv', undefined, false],
	['audio/mpeg', undefined, false],
	['application/x-unheard-of', 'image/png', false],
	['text/html', 'application/pdf', true],
	['image/png', 'image/jpeg', true],
	['image/png', undefined, true],
	['application/pdf', 'text/html', true],
	['audio/mpeg', 'video/webm', true],
	['video/mp4', 'video/quicktime', true],
])('%s with the bytes of %s: a contradiction is %s', (declared, found, expected) => {
	expect(contradicts(declared, found)).toBe(expected);
});

/** Where npm's file-type judges otherwise, and why we stay with ours. What ffprobe sees is recorded: test/fixtures/ffprobe.json. */
const DISAGREEMENTS: Record<string, { theirs: string | null; why: string }> = {
	...Object.fromEntries(
		['dash.mp4', 'fragmented.m4a', 'sound-only.mp4'].map((name) => [
			name,
			{ theirs: 'video/mp4', why: 'goes by the brand; ffprobe sees no video track' },
		]),
	),
	'amr.3gp': { theirs: 'video/3gpp', why: 'goes by the brand; ffprobe sees no video track' },
	'recorded.webm': {
		theirs: 'video/webm',
		why: 'never looks at the tracks; ffprobe sees no video',
	},
	'sound.mka': { theirs: 'video/x-matroska', why: 'as above' },
	'sheet.xls': { theirs: 'application/x-cfb', why: 'stays with the container; file says Excel' },
	'app.apk': {
		theirs: 'application/java-archive',
		why: 'META-INF comes first; it has a manifest of Android',
	},
};

test("npm's file-type agrees on every fixture, but for those that are explained", () => {
	const names = Object.keys(MIME_TYPES);
	const oracle = join(__dirname, 'fileTypeOracle.mjs');
	const said = execFileSync(process.execPath, [oracle, ...names.map(fixtureFile)], {
		encoding: 'utf8',
	});
	const theirs = new Map(
		(JSON.parse(said) as Array<string | null>).map((type, index) => [names[index]!, type]),
	);
	expect(names.length).toBeGreaterThan(60);
	for (const name of names) {
		const type = mimeEssence(theirs.get(name)) || null;
		const expected = DISAGREEMENTS[name]?.theirs ?? MIME_TYPES[name] ?? null;
		expect({ name, type }).toEqual({ name, type: expected });
	}
});

describe('what only begins like something else', () => {
	const sized = (size: number) => [size >> 21, (size >> 14) & 127, (size >> 7) & 127, size & 127];
	const tag = (size: number, flags = 0) =>
		Buffer.concat([
			Buffer.from([...Buffer.from('ID3'), 4, 0, flags, ...sized(size)]),
			Buffer.alloc(size + (flags & 0x10 ? 10 : 0)),
		]);

	test.each([
		['sound.flac', 'audio/flac'],
		['adts.aac', 'audio/aac'],
		['plain.mp3', 'audio/mpeg'],
		['sound.wv', 'audio/wavpack'],
		['mono.ogg', 'audio/ogg'],
	])('an ID3 tag before %s, or three, or one with a footer', (name, type) => {
		expect(detectMimeType(Buffer.concat([tag(20), fixture(name)]))).toBe(type);
		expect(detectMimeType(Buffer.concat([tag(0), tag(300), tag(7), fixture(name)]))).toBe(type);
		expect(detectMimeType(Buffer.concat([tag(20, 0x10), fixture(name)]))).toBe(type);
	});

	test('APE behind a tag; a tag that is longer than what we see', () => {
		expect(detectMimeType(Buffer.concat([tag(20), Buffer.from('MAC \x96\x0f\0\0')]))).toBe(
			'audio/x-ape',
		);
		expect(detectMimeType(tag(70_000).subarray(0, FIRST_BYTES))).toBe('audio/mpeg');
		expect(isOnlyTags(tag(70_000).subarray(0, FIRST_BYTES))).toBe(true);
	});

	test('a chain of a million tags is read through', () => {
		const chain = Buffer.concat(Array<Buffer>(1_000_000).fill(tag(0)));
		expect(detectMimeType(chain)).toBe('audio/mpeg');
	});

	test.each([
		'%PDF-1.7 is how a PDF of version 1.7 begins.',
		'The first line:\n%PDF-1.7\nThen come the objects.',
		'The first line is %PDF-1.7\n1 0 obj',
		'OggS is what every page of an Ogg file begins with.',
		'ID3 is a tag. It has a size.',
		'ID3\tv2.4',
		'GIF89a has animation, GIF87a has not.',
		'RIFF and WAVE',
		'RIFFlength WAVE',
		'fLaC stands at the start of FLAC files',
		'#!AMR is for AMR',
		'ISO ftypisom is how',
		'MAC addresses',
		'BM is a bitmap',
		'Rar! is the signature',
		'PK are the initials of Phil Katz',
		'<h1 align="center">Read me</h1>\n\n# Install',
		'<p>A note in **Markdown**</p>',
	])('a text stays one: %j', (text) => {
		for (const bytes of [
			Buffer.from(text),
			Buffer.from(`\ufeff${text}\nGrüße\n`),
			Buffer.from(`${text}\nGr\xfc\xdfe\n`, 'latin1'),
		])
			expect(detectMimeType(bytes)).toBeUndefined();
	});

	test.each([
		'<!-- made by hand --><html><p>',
		'\ufeff\n<!doctype html>',
		'<head><title>Log in</title>',
		'<BODY bgcolor=white>',
		'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x"><html>',
		'<!-- a --> <!-- b --><script>location="/login"</script>',
	])('a page: %s', (text) => {
		expect(detectMimeType(Buffer.from(text))).toBe('text/html');
	});

	test('thousands of comments cost no time', () => {
		const began = performance.now();
		for (const text of ['<!---->', '<!-- -->x', '<?', ' \n'])
			expect(detectMimeType(Buffer.from(text.repeat(20_000)))).toBeUndefined();
		expect(performance.now() - began).toBeLessThan(5_000);
	});
});

describe('what is inside a zip is read without zlib', () => {
	test.each(['invoice.docx', 'make.sh', 'bmp.bmp', 'plain.mp3', 'sound.wav'])('%s', (name) => {
		const bytes = fixture(name);
		for (const level of [0, 1, 6, 9]) {
			const packed = deflateRawSync(bytes, { level });
			expect(inflateStart(packed, bytes.length + 1).equals(bytes)).toBe(true);
			const cut = inflateStart(packed.subarray(0, packed.length / 2), bytes.length);
			expect(bytes.subarray(0, cut.length).equals(cut)).toBe(true);
			expect(inflateStart(packed, 100).length).toBeLessThan(100 + 258);
		}
		const fixedCode = deflateRawSync(bytes, { strategy: 4 });
		expect(inflateStart(fixedCode, bytes.length + 1).equals(bytes)).toBe(true);
	});

	test('whatever the bytes, it ends', () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
				expect(inflateStart(Buffer.from(bytes), 5000).length).toBeLessThan(5000 + 258 + 1);
			}),
			{ numRuns: 2000 },
		);
	});

	test('a document whose parts begin behind the first bytes', () => {
		expect(detectMimeType(fixture('late-parts.docx').subarray(0, 1500))).toBe(
			MIME_TYPES['late-parts.docx'],
		);
	});
});
