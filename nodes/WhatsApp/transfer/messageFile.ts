import { findMedia } from '../formats/findMedia';
import { readBytes } from '../formats/serializedValues';
import type { EncryptedAs, MediaKey } from '../formats/mediaKeys';
import {
	encryptedAsNamed,
	isMessageFileUrl,
	isWhatsAppUrl,
	type FoundMedia,
} from '../formats/readMedia';
import { keyWithoutLink, mediaKeyMissing, otherHost, severalFiles } from './downloadErrors';
import type { MessageFile } from './messageSource';

/** What the user entered of an encrypted file, under *Options*. */
export interface EnteredFile {
	/** In any of the spellings that messages have. */
	mediaKey?: unknown;
	/** What it was sent as; whatever is no such word is found out. */
	encryptedMediaType?: string;
}

/**
 * The file that an item's message or form names, or that the user entered with its media key. Nothing where the URL leads
 * to an ordinary file, or there is none at all.
 * @param url empty where the item itself says where the file is
 * @throws MediaError where there are several, or one without its key
 */
export function messageFileOf(
	item: object,
	url = '',
	{ mediaKey, encryptedMediaType }: EnteredFile = {},
): MessageFile | undefined {
	const files = findMedia(item);
	const encryptedAs = encryptedAsNamed(encryptedMediaType);
	if (mediaKey) return enteredFile(files, url, readBytes(mediaKey, 32), encryptedAs);
	const [file, ...others] = files.filter(({ urls }) => !url || urls.includes(url));
	if (others.length) throw severalFiles([file!, ...others].map(({ path }) => path));
	if (!file && !looksEncrypted(url)) return undefined;
	if (!file || file.secret === 'missing') throw mediaKeyMissing();
	const key = keyIn(file);
	return {
		...file,
		urls: whatsAppUrls(file),
		secret: key && encryptedAs ? { ...key, encryptedAs } : file.secret,
	};
}

function enteredFile(
	files: FoundMedia[],
	url: string,
	mediaKey: Buffer = Buffer.alloc(0),
	encryptedAs?: EncryptedAs,
): MessageFile {
	// Facts of a file with another key would refuse this one.
	const same = files.find((file) => keyIn(file)?.mediaKey.equals(mediaKey));
	const found = same ?? files.find(({ secret }) => secret === 'missing');
	if (!url && !found) throw keyWithoutLink();
	const urls = url ? [url] : whatsAppUrls(found!);
	const known = same && keyIn(same);
	return {
		path: '',
		...same,
		urls,
		secret: { mediaKey, encryptedAs: encryptedAs ?? known?.encryptedAs },
	};
}

/** Any other host must stand in URL: the user vouches for that, and a stranger wrote the message. */
function whatsAppUrls({ path, urls }: FoundMedia): string[] {
	const own = urls.filter(isWhatsAppUrl);
	if (!own.length) throw otherHost(path, urls[0]!);
	return own;
}

function keyIn({ secret }: FoundMedia): MediaKey | undefined {
	return typeof secret === 'object' && 'mediaKey' in secret ? secret : undefined;
}

function looksEncrypted(url: string): boolean {
	return isMessageFileUrl(url) || (URL.canParse(url) && new URL(url).pathname.endsWith('.enc'));
}
