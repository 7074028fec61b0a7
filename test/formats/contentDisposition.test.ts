import { fileNameOf } from '../../nodes/WhatsApp/formats/contentDisposition';

/** As a server's bytes reach us: Node reads headers byte by byte. */
const onTheWire = (header: string) => Buffer.from(header).toString('latin1');

test.each([
	// Recorded from Meta's file host: no quotes, no space.
	['inline;filename=whatsapp.png', 'whatsapp.png'],
	['attachment; filename="invoice.pdf"', 'invoice.pdf'],
	['ATTACHMENT; FILENAME = "invoice.pdf" ; size=3', 'invoice.pdf'],
	['filename=invoice.pdf', 'invoice.pdf'],
	['inline; filename=Invoice of March.pdf; x=1', 'Invoice of March.pdf'],
	['attachment; filename="a \\"quoted\\" \\\\ name.pdf"', 'a "quoted" \\ name.pdf'],
	['attachment; filename="C:\\temp\\photo.jpg"', 'C:\\temp\\photo.jpg'],
	['attachment; filename="semi;colon.pdf"', 'semi;colon.pdf'],
	['attachment; name="; filename=other.exe"; filename=right.pdf', 'right.pdf'],
	['attachment; filename="not closed.pdf', 'not closed.pdf'],
	[onTheWire('inline;filename=Müller 中文.pdf'), 'Müller 中文.pdf'],
	['inline; filename="M\xfcller.pdf"', 'Müller.pdf'],
	// The examples of RFC 6266.
	['attachment; filename="EURO rates"; filename*=utf-8\'\'%e2%82%ac%20rates', '€ rates'],
	["attachment; filename*=UTF-8'en'na%C3%AFve%20plan.txt; filename=naive.txt", 'naïve plan.txt'],
	["attachment; filename*=iso-8859-1''M%FCller.pdf", 'Müller.pdf'],
	["attachment; filename*=UTF-8''broken%ZZ; filename=whole.pdf", 'whole.pdf'],
	["attachment; filename*=klingon''x; filename=whole.pdf", 'whole.pdf'],
	['attachment; filename=first.pdf; filename=second.pdf', 'first.pdf'],
])('%j names %j', (header, name) => {
	expect(fileNameOf(header)).toBe(name);
});

test.each(['', 'inline', 'attachment; filename=', 'attachment; filename=""', 'attachment;;=;'])(
	'%j names nothing',
	(header) => {
		expect(fileNameOf(header)).toBeUndefined();
	},
);

test('no header names nothing, and a long one takes no long time', () => {
	expect(fileNameOf(undefined)).toBeUndefined();
	const started = Date.now();
	for (const part of ['"', '\\"', ';', '; a="', "; filename*='", ' '])
		fileNameOf(`attachment; filename=${part.repeat(64_000)}`);
	expect(Date.now() - started).toBeLessThan(2000);
});
