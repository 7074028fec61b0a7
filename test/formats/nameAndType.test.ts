import fc from 'fast-check';
import { extensions as allExtensions, lookup } from 'mime-types';

import { safeFileName } from '../../nodes/WhatsApp/formats/fileNames';
import { nameAndType, possibleTypes } from '../../nodes/WhatsApp/formats/nameAndType';
import { extensionOf, mimeTypeFromName } from '../../nodes/WhatsApp/formats/mimeTypes';
import { fixture } from '../support/files';
import { MIME_TYPES } from './realFiles';

const TEXT = Buffer.from('name;price\napples;3\n');
const JSON_TEXT = Buffer.from('{"name": "apples"}\n');
const ZIP = fixture('archive.zip');

/** The name and type of a file that is declared so. */
const named = (fileName: string, declared: string, firstBytes: Buffer) =>
	nameAndType({ fileName, declared: [declared], firstBytes });

describe('a right name stays, and the type agrees with it', () => {
	test.each([
		['orders.csv', 'application/vnd.ms-excel', TEXT],
		['orders.csv', 'text/comma-separated-values', TEXT],
		['orders.tsv', 'text/plain', TEXT],
		['orders.csv', 'text/plain', Buffer.from('Größe;Preis\n', 'latin1')],
		['data.json', 'text/plain', JSON_TEXT],
		['README.md', 'text/plain', Buffer.from('# Read me\n')],
		['page.html', 'text/plain', Buffer.from('<!doctype html><p>')],
		['sign.svg', 'text/xml', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')],
		['sign.svg', 'text/plain', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')],
		['meeting.ics', 'text/plain', Buffer.from('BEGIN:VCALENDAR\r\n')],
		['anna.vcf', 'text/x-vcard', Buffer.from('BEGIN:VCARD\r\n')],
		['letter.docx', 'application/zip', fixture('invoice.docx')],
		['letter.odt', 'application/x-zip-compressed', fixture('invoice.odt')],
		['sheet.xlsx', 'application/octet-stream', fixture('sheet.xlsx')],
		['sheet.xls', 'application/x-ole-storage', fixture('sheet.xls')],
		['app.apk', 'application/zip', ZIP],
		['letter.rtf', 'application/msword', fixture('invoice.rtf')],
		['letter.docx', 'application/msword', fixture('invoice.docx')],
		['photo.jpeg', 'image/png', fixture('rgb.jpg')],
		['PHOTO.JPG', 'application/octet-stream', fixture('rgb.jpg')],
		['Rechnung.PDF', '*/*', Buffer.from('%PDF-1.7\n1 0 obj\n')],
		['film.mkv', 'video/webm', fixture('film.mkv')],
	])('%s declared as %s', (fileName, declared, bytes) => {
		const { fileName: given, mimeType } = named(fileName, declared, bytes);
		expect(given).toBe(fileName);
		// The oracle for what a name stands for; it has other words for these.
		const oracle = lookup(fileName) as string;
		expect(mimeType).toBe({ 'text/x-vcard': 'text/vcard' }[oracle] ?? oracle);
	});

	test.each([
		['letter.doc', 'application/msword', fixture('invoice.rtf')],
		['export.xls', 'text/html', Buffer.from('<html><table>')],
		['export.xls', 'application/vnd.ms-excel', Buffer.from('<html><table>')],
		['model.3mf', 'application/zip', ZIP],
		['script.py', 'text/plain', Buffer.from('print(1)')],
		['install.exe', 'application/octet-stream', Buffer.from([0x4d, 0x5a, 0, 1, 2])],
		['logo.ai', 'application/pdf', Buffer.from('%PDF-1.7\n1 0 obj\n')],
		['negative.dng', 'image/tiff', fixture('tiff.tiff')],
		['table.xyz', 'application/x-unheard-of', Buffer.from([0, 1, 2])],
		['under-password.docx', 'application/zip', Buffer.from('d0cf11e0a1b11ae1', 'hex')],
	])('%s declared as %s', (fileName, declared, bytes) => {
		expect(named(fileName, declared, bytes).fileName).toBe(fileName);
	});
});

describe('a wrong name is corrected', () => {
	test.each([
		['photo.png', 'image/png', fixture('rgb.jpg'), 'photo.jpg'],
		['photo.jpg', 'text/plain', TEXT, 'photo.txt'],
		['invoice.docx', 'text/plain', TEXT, 'invoice.txt'],
		[
			'report.json',
			'application/pdf',
			Buffer.from('%PDF-1.7\n\xb5\xb5 1 0 obj', 'latin1'),
			'report.pdf',
		],
		['clip.mov', 'video/mp4', fixture('good.mp4'), 'clip.mp4'],
		['letter.doc', 'application/zip', fixture('invoice.docx'), 'letter.docx'],
		['voice.mp4', 'audio/mp4', fixture('sound-only.mp4'), 'voice.m4a'],
		['voice.txt', 'audio/mpeg', fixture('plain.mp3'), 'voice.mp3'],
		['download.php', 'application/pdf', Buffer.from('%PDF-1.7\n'), 'download.pdf'],
		['file.bin', 'application/octet-stream', fixture('rgb.png'), 'file.png'],
	])('%s declared as %s', (fileName, declared, bytes, corrected) => {
		expect(named(fileName, declared, bytes).fileName).toBe(corrected);
	});

	test.each([
		['voice.opus', 'audio/ogg; codecs=opus', 'mono.ogg', 'voice.ogg'],
		['VOICE.OGA', 'audio/ogg', 'mono.ogg', 'VOICE.ogg'],
		['voice.weba', 'audio/webm', 'recorded.webm', 'voice.webm'],
		['voice.webm', 'audio/webm', 'recorded.webm', 'voice.webm'],
		['', 'audio/webm', 'recorded.webm', 'file.webm'],
	])('transcription services take what becomes of %s', (fileName, declared, file, taken) => {
		const { fileName: given, mimeType } = named(fileName, declared, fixture(file));
		expect(given).toBe(taken);
		expect(mimeType).toMatch(/^audio\//);
	});
});

describe('sound stays sound', () => {
	const brand = (name: string, bytes: Buffer) => {
		const copy = Buffer.from(bytes);
		copy.write(name, 8, 'latin1');
		return copy;
	};
	test.each([
		['audio/aac', brand('isom', fixture('sound.m4a')), 'audio/mp4', 'm4a'],
		['audio/aac', brand('mp42', fixture('sound.m4a')), 'audio/mp4', 'm4a'],
		['audio/mp4', brand('dash', fixture('fragmented.m4a')), 'audio/mp4', 'm4a'],
		['audio/mpeg', brand('isom', fixture('sound.m4a')), 'audio/mp4', 'm4a'],
		['audio/amr', fixture('good.3gp'), 'audio/3gpp', '3gp'],
		['audio/webm; codecs=opus', fixture('recorded.webm'), 'audio/webm', 'webm'],
		['audio/ogg; codecs=opus', fixture('recorded.webm'), 'audio/webm', 'webm'],
		['video/mp4', fixture('sound-only.mp4'), 'video/mp4', 'mp4'],
		['video/quicktime', fixture('sound-only.mp4'), 'video/mp4', 'mp4'],
	])('%s in a container', (declared, firstBytes, mimeType, extension) => {
		const { mimeType: given, fileName } = nameAndType({
			declared: [declared],
			firstBytes,
			fallbackName: (type) => `${type.split('/')[0]}-7`,
		});
		expect({ given, fileName }).toEqual({
			given: mimeType,
			fileName: `${mimeType.split('/')[0]}-7.${extension}`,
		});
	});

	test('a name and bytes that say sound outweigh a label that says video', () => {
		expect(named('song.m4a', 'video/mp4', fixture('sound.m4a'))).toMatchObject({
			fileName: 'song.m4a',
			mimeType: 'audio/mp4',
		});
	});
});

describe('bytes count where the label says nothing', () => {
	const nameless = (declared: string, firstBytes: Buffer) =>
		nameAndType({ declared: [declared], firstBytes, fallbackName: () => 'document-7' });

	// Its own words for some extensions.
	const EXTENSIONS: Record<string, string> = { 'invoice.rtf': 'rtf', 'recorded.webm': 'webm' };

	test.each(Object.keys(MIME_TYPES))('%s without a name', (name) => {
		for (const declared of ['application/octet-stream', 'application/force-download', '*/*', '']) {
			const { mimeType, fileName } = nameless(declared, fixture(name));
			expect(mimeType).toBe(MIME_TYPES[name] ?? 'text/plain');
			const extension = EXTENSIONS[name] ?? fileName.split('.').at(-1)!;
			expect(fileName).toBe(`document-7.${extension}`);
			// The oracle knows the extension for the type, or the type for the extension.
			expect([allExtensions[mimeType] ?? [], name.split('.').at(-1)].flat()).toContain(extension);
		}
	});

	test.each([
		['text/calendar', 'ics', 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\n'],
		['text/vcard', 'vcf', '\ufeffBEGIN:VCARD\nVERSION:3.0\n'],
		['image/svg+xml', 'svg', '<?xml version="1.0"?>\n<!-- a sign -->\n<svg/>'],
		['application/xml', 'xml', '<?xml version="1.0"?><invoice/>'],
		['application/json', 'json', '[{"a": 1}]'],
		['text/html', 'html', '<!doctype html>'],
		['text/plain', 'txt', '{not json}'],
		['text/plain', 'txt', '42'],
	])('a text: %s', (mimeType, extension, text) => {
		expect(nameless('application/octet-stream', Buffer.from(text))).toMatchObject({
			mimeType,
			fileName: `document-7.${extension}`,
		});
	});

	test('audio behind a tag longer than what we see is what it is declared as', () => {
		const tag = Buffer.concat([
			Buffer.from('ID3\x04\0\0\0\x7f\x7f\x7f', 'latin1'),
			Buffer.alloc(500),
		]);
		expect(named('song.flac', 'audio/x-flac', tag)).toMatchObject({
			mimeType: 'audio/flac',
			fileName: 'song.flac',
			isContradicted: false,
		});
		expect(named('song.mp3', 'application/octet-stream', tag).fileName).toBe('song.mp3');
		expect(named('', 'image/png', tag)).toMatchObject({
			mimeType: 'audio/mpeg',
			fileName: 'file.mp3',
		});
	});
});

describe('every fixture under its own name, whatever it is declared as', () => {
	const GENERIC = ['application/octet-stream', '', 'application/x-download', 'text/plain'];
	test.each(Object.keys(MIME_TYPES))('%s', (name) => {
		const own = MIME_TYPES[name] ?? 'text/plain';
		// Their tracks are sound: that is no .mp4.
		const right = name.replace(/^(dash|sound-only)\.mp4$/, '$1.m4a');
		const isZip = fixture(name).toString('latin1', 0, 2) === 'PK';
		const labels = [...GENERIC, own, ...(isZip ? ['application/zip'] : ['image/x-unheard-of'])];
		for (const declared of labels)
			expect({ declared, name: named(name, declared, fixture(name)).fileName }).toEqual({
				declared,
				name: right,
			});
	});

	test.each(Object.keys(MIME_TYPES))('%s as something of another kind', (name) => {
		for (const wrong of ['photo.png', 'report.pdf', 'voice.amr', 'song.flac', 'letter.pptx']) {
			// Any zip may be a document whose parts we do not see; an old container, one under a password.
			const mayBe = /\.(zip|xls)$/.test(name) && wrong.endsWith('.pptx');
			if (mayBe || MIME_TYPES[name] === mimeTypeFromName(wrong)) continue;
			const own = MIME_TYPES[name] ?? 'text/plain';
			const { fileName } = named(wrong, own, fixture(name));
			expect({ wrong, fileName }).toEqual({
				wrong,
				fileName: `${wrong.split('.')[0]}.${extensionOf(own)}`,
			});
		}
	});
});

describe('only known extensions are extensions', () => {
	test.each(['Angebot 12.03.2026', 'Rechnung Nr.17', 'Dr.Müller', 'www.example.com', 'v2.final'])(
		'%s gets its .pdf',
		(fileName) => {
			const firstBytes = Buffer.from('%PDF-1.7\n1 0 obj\n');
			for (const usualExtension of [false, true])
				expect(
					nameAndType({ fileName, declared: ['application/pdf'], firstBytes, usualExtension })
						.fileName,
				).toBe(`${fileName}.pdf`);
		},
	);

	test('a name is cleaned before it is read', () => {
		for (const fileName of [
			'photo.p\u200bng',
			'photo.png. ',
			'photo.png\u202e',
			'a/b\\photo.png\n',
		])
			expect(named(fileName, 'image/jpeg', fixture('rgb.jpg')).fileName).toBe('photo.jpg');
	});
});

describe('what is allowed ahead of the bytes', () => {
	test.each([
		['application/octet-stream', 'invoice.pdf', undefined],
		['*/*', '', undefined],
		[undefined, 'invoice.pdf', undefined],
		['application/zip', 'letter.docx', undefined],
		['text/plain', 'data.json', ['text/plain', 'application/json']],
		['application/vnd.ms-excel', 'orders.csv', ['application/vnd.ms-excel', 'text/csv']],
		['image/jpg', 'photo.png', ['image/jpeg']],
		['video/mp4', '', ['video/mp4']],
	])('%s, "%s" may be %j', (mimeType, fileName, types) => {
		expect(possibleTypes(mimeType, fileName)).toEqual(types);
	});
});

describe('a safe name', () => {
	test.each([
		['COM¹', '_COM¹'],
		['lpt².txt', '_lpt².txt'],
		['CONIN$', '_CONIN$'],
		['conout$.log', '_conout$.log'],
		['aux .pdf', '_aux.pdf'],
		['COM0.pdf', '_COM0.pdf'],
		['a..pdf', 'a.pdf'],
	])('%s becomes %s', (given, safe) => {
		expect(safeFileName(given)).toBe(safe);
	});

	test('does not end in a dot where it was cut', () => {
		expect(safeFileName(`${'a'.repeat(195)}.${'b'.repeat(50)}`, { defaultExtension: 'pdf' })).toBe(
			`${'a'.repeat(195)}.pdf`,
		);
		expect(safeFileName(`${'a'.repeat(199)}.${'b'.repeat(50)}`)).toBe('a'.repeat(199));
	});

	test('of 65 KB of dots, spaces or slashes costs no time', () => {
		const began = performance.now();
		for (const character of '. /\\\u0301\u202e')
			for (const name of [character.repeat(65_000), `a${character.repeat(65_000)}b`])
				expect(Buffer.byteLength(safeFileName(name))).toBeLessThanOrEqual(200);
		expect(performance.now() - began).toBeLessThan(5_000);
	});

	const pieces = fc.constantFrom(
		...['.', ' ', '..', '/', '\\', 'con', 'COM¹', '$', 'pdf', '.pdf', '.opus', 'x'.repeat(90)],
		...['e', '\u0301', '\u200d', '<', '\u0338', '😀', '\ud83d', '_', 'ü'.repeat(95), '\n', '17'],
	);
	const anyName = fc.oneof(
		fc.string({ unit: 'binary', maxLength: 300 }),
		fc
			.array(fc.oneof(pieces, fc.string({ maxLength: 3 })), { maxLength: 12 })
			.map((parts) => parts.join('')),
	);
	test.each([undefined, 'pdf', 'jpg'])(
		'cleaned twice is cleaned once (extension %s)',
		(defaultExtension) => {
			fc.assert(
				fc.property(anyName, (name) => {
					const safe = safeFileName(name, { defaultExtension });
					expect(safeFileName(safe, { defaultExtension })).toBe(safe);
					expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(200);
					expect(safe).not.toMatch(/^[. ]|[. ]$|[/\\<>:"|?*\p{Cc}\p{Cf}\p{Cs}]|^$/u);
					expect(safe).not.toMatch(/^(con|prn|aux|nul|conin\$|(com|lpt)[\d¹²³])( *\.|$)/i);
				}),
				{ numRuns: 3000 },
			);
		},
	);
});

test('whatever is said and whatever the bytes: a safe name, a type, and the same the second time', () => {
	const types = fc.oneof(
		fc.constantFrom(
			'',
			'*/*',
			'constructor',
			'__proto__',
			'application/octet-stream',
			'text/plain',
		),
		fc.constantFrom('application/zip', 'audio/aac', 'video/mp4', 'image/png', 'application/pdf'),
		fc.string({ maxLength: 40 }),
	);
	const stems = fc.constantFrom('a', 'CON', 'x.y', '..', 'toString', 'ü'.repeat(150));
	const suffixes = fc.constantFrom('', '.', '.pdf', '.opus', '.constructor', '.__proto__', '.mp4 ');
	const bytes = fc.oneof(
		fc.uint8Array({ maxLength: 200 }),
		fc
			.tuple(fc.constantFrom(...Object.keys(MIME_TYPES)), fc.nat(3000))
			.map(([name, length]) => fixture(name).subarray(0, length)),
	);
	fc.assert(
		fc.property(
			types,
			stems,
			suffixes,
			bytes,
			fc.boolean(),
			(declared, stem, suffix, start, usual) => {
				const claims = {
					declared: [declared],
					firstBytes: Buffer.from(start),
					usualExtension: usual,
				};
				const first = nameAndType({ ...claims, fileName: stem + suffix });
				expect(first.mimeType).toMatch(/^[a-z0-9][^/\s]*\/[^/\s]+$/);
				expect(safeFileName(first.fileName)).toBe(first.fileName);
				expect(nameAndType({ ...claims, fileName: first.fileName }).fileName).toBe(first.fileName);
			},
		),
		{ numRuns: 3000 },
	);
});
