import { extensions as allExtensions, lookup, types as allTypes } from 'mime-types';

import {
	chooseMimeType,
	extensionOf,
	matchesMimeType,
	mimeEssence,
	mimeTypeFromName,
} from '../../nodes/WhatsApp/formats/mimeTypes';
import { safeFileName } from '../../nodes/WhatsApp/formats/fileNames';

test.each([
	['audio/ogg; codecs=opus', 'audio/ogg', 'ogg'],
	['AUDIO/OGG', 'audio/ogg', 'ogg'],
	['audio/opus', 'audio/ogg', 'ogg'],
	['audio/aac', 'audio/aac', 'aac'],
	['image/jpg', 'image/jpeg', 'jpg'],
	['application/x-unheard-of', 'application/x-unheard-of', undefined],
])('%s is %s, extension %s', (given, bare, extension) => {
	expect(mimeEssence(given)).toBe(bare);
	expect(extensionOf(given)).toBe(extension);
});

test('a type that says nothing gives way to the next claim, then to the file name', () => {
	expect(chooseMimeType(['application/octet-stream', 'image/png'])).toBe('image/png');
	expect(chooseMimeType([undefined, 'binary/octet-stream'], 'a.JPEG')).toBe('image/jpeg');
	expect(chooseMimeType([''], 'voice.opus')).toBe('audio/ogg');
	expect(chooseMimeType([], 'noextension')).toBeUndefined();
});

describe('a file name', () => {
	test.each([
		['Rechnung März 2026.pdf', 'Rechnung März 2026.pdf'],
		['../../etc/passwd', 'passwd.pdf'],
		['C:\\Users\\me\\invoice.pdf', 'invoice.pdf'],
		['photo\u202Egpj.exe', 'photogpj.exe'],
		['a\u0000b\nc.pdf', 'abc.pdf'],
		['CON', '_CON.pdf'],
		['nul.pdf', '_nul.pdf'],
		['...', 'file.pdf'],
		['', 'file.pdf'],
		['/', 'file.pdf'],
		['.env', 'env.pdf'],
		['what? <who>: "me"|*.pdf', 'what_ _who__ _me___.pdf'],
		['version 1.2 final', 'version 1.2 final.pdf'],
		['archive.tar.gz', 'archive.tar.gz'],
		['报告.pdf', '报告.pdf'],
		['trailing. .', 'trailing.pdf'],
	])('%j becomes %j', (given, safe) => {
		expect(safeFileName(given, { defaultExtension: 'pdf' })).toBe(safe);
	});

	test('of 300 bytes is cut between characters, its extension kept', () => {
		const safe = safeFileName(`${'ü'.repeat(150)}.pdf`, { defaultExtension: 'pdf' });
		expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(200);
		expect(safe).toMatch(/^ü+\.pdf$/);
		expect(safeFileName('😀'.repeat(100), { defaultExtension: 'png' })).toMatch(/^(😀)+\.png$/u);
	});

	test('of an unknown type gets no invented extension', () => {
		expect(
			safeFileName('data', { defaultExtension: extensionOf('application/x-unheard-of') }),
		).toBe('data');
	});
});

test.each([
	['*/*', true],
	['image/*', true],
	['IMAGE/*', true],
	['image/jpg', true],
	['video/*', false],
	['*/png', false],
])('%s among the allowed types takes a photo: %s', (allowed, isTaken) => {
	expect(matchesMimeType('image/jpeg', [allowed])).toBe(isTaken);
});

/** Where mime-types has another extension: we have the one that video has, since services take no `.weba` and no `.3gpp`. */
const SHARED_WITH_VIDEO = ['audio/3gpp', 'audio/webm'];

test('an extension stands for the type that mime-types has for it', () => {
	const ours = Object.keys(allTypes).filter((extension) => mimeTypeFromName(`a.${extension}`));
	expect(ours.length).toBeGreaterThan(90);
	const differences = ours
		.map((extension) => ({
			extension,
			ours: mimeTypeFromName(`a.${extension}`),
			theirs: mimeEssence(lookup(`a.${extension}`) as string),
		}))
		.filter(({ ours, theirs }) => ours !== theirs);
	expect(differences).toEqual([]);
});

test('each type has an extension that mime-types knows for it', () => {
	const known = Object.keys(allExtensions).filter((type) => extensionOf(type));
	expect(known.length).toBeGreaterThan(70);
	const differences = known.filter((type) => {
		const extension = extensionOf(type)!;
		return mimeEssence(lookup(`a.${extension}`) as string) !== mimeEssence(type);
	});
	expect(differences).toEqual(SHARED_WITH_VIDEO);
});

test.each([
	['audio/x-flac', 'audio/flac'],
	['text/x-vcard', 'text/vcard'],
	['audio/vnd.wave', 'audio/wav'],
	['audio/x-ogg', 'audio/ogg'],
	['application/x-rar', 'application/vnd.rar'],
	['application/x-rar-compressed', 'application/vnd.rar'],
	['application/x-gzip', 'application/gzip'],
	['text/rtf', 'application/rtf'],
	['text/comma-separated-values', 'text/csv'],
])('%s is %s under another name', (alias, mimeType) => {
	expect(mimeEssence(alias)).toBe(mimeType);
});

test('who allows everything allows everything', () => {
	expect(matchesMimeType('audio/ogg', ['image/*', '*/*'])).toBe(true);
	expect(matchesMimeType('audio/ogg', [' Audio/* '])).toBe(true);
	expect(matchesMimeType('audio/ogg', ['image/*'])).toBe(false);
});
