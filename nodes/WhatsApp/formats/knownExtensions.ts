// cspell:disable
/** Extensions that are in use for files whose type we do not name. Whatever else follows a dot is a part of the name. */

/** Of the program that served a file, or of a file that nothing is known of: they say nothing about what it is. */
export const MEANINGLESS = new Set(
	'php asp aspx ashx jsp cgi bin dat tmp file unknown download part crdownload'.split(' '),
);

/** Of formats with a content of their own, or built on text, zip, PDF or another. */
const MEANINGFUL = [
	// Programs and their parts
	'exe dll msi scr bat cmd ps1 vbs js mjs css sh py rb pl java jar class war iso dmg deb rpm appimage ipa xapk apks',
	// Pictures, drawings, models
	'dng cr2 cr3 nef arw raw orf rw2 raf xcf indd idml sketch fig xd cdr dwg dxf dwf step stp iges stl obj fbx glb gltf 3mf blend skp ifc rvt heics webmanifest svgz wmf emf',
	// Sound and video
	'm3u m3u8 pls aa aax ac3 dts mpc tta ra ram au 3ga gsm f4v asf vob rm rmvb srt vtt ass',
	// Texts, tables, mail
	'pages numbers key wps wpd xps oxps djvu mobi azw azw3 fb2 chm tex bib rst sql yaml yml toml ini conf cfg env properties po ics vcs mbox pst ost mht mhtml xsl xslt xsd dtd parquet avro sav dta rdata ipynb odf odb ott ots otp dotm xltm potm xlam vsd vsdx mpp pub one mdb accdb sqlite db',
	// Archives, keys, fonts, the rest
	'lz lzma zst cab arj lha z01 zipx p7m p7s p7b p12 pfx cer crt der pem asc gpg sig enc ttf otf ttc woff woff2 torrent bak old gbr mscz musicxml mxl pkpass wallet kdbx',
];

export const OTHER_EXTENSIONS = new Set([...MEANINGLESS, ...MEANINGFUL.join(' ').split(' ')]);
