import { readdirSync } from 'node:fs';

import {
	contradicts,
	detectMimeType,
	FIRST_BYTES,
	looksLikeText,
} from '../../nodes/WhatsApp/formats/detectMimeType';
import { fixture } from '../support/files';
import { fixtureFile } from '../support/paths';
import { MIME_TYPES } from './realFiles';

test('the table of real files is complete', () => {
	expect(Object.keys(MIME_TYPES).sort()).toEqual(
		readdirSync(fixtureFile('.'))
			.filter((name) => name !== 'make.sh')
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
	expect(detectMimeType(Buffer.from('%!PS a note\n%PDF-1.4\n'))).toBe('application/pdf');
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
