import type { MetaOperation } from '../../emulator/meta';
import type { PipesOperation } from '../../emulator/pipes';
import type { WhapiOperation } from '../../emulator/whapi';
import type { Vendor } from '../../support/harness';

/** One answer that a node waits for. */
export interface Point {
	vendor: Vendor;
	node: 'GetMediaUrl' | 'DownloadMedia' | 'UploadMedia' | 'DeleteMedia';
	on: MetaOperation | WhapiOperation | PipesOperation;
	/** What the answer is: a file, JSON that tells something, or the result of a change. */
	body: 'file' | 'json' | 'change';
	/** From a public link in the item rather than by media ID. */
	link?: true;
}

export const POINTS: Point[] = [
	{ vendor: 'meta', node: 'GetMediaUrl', on: 'getUrl', body: 'json' },
	{ vendor: 'meta', node: 'DownloadMedia', on: 'getUrl', body: 'json' },
	{ vendor: 'meta', node: 'DownloadMedia', on: 'file', body: 'file' },
	{ vendor: 'meta', node: 'UploadMedia', on: 'upload', body: 'change' },
	{ vendor: 'meta', node: 'DeleteMedia', on: 'delete', body: 'change' },
	{ vendor: 'whapi', node: 'GetMediaUrl', on: 'list', body: 'json' },
	{ vendor: 'whapi', node: 'DownloadMedia', on: 'media', body: 'file' },
	{ vendor: 'whapi', node: 'DownloadMedia', on: 'file', body: 'file', link: true },
	{ vendor: 'whapi', node: 'UploadMedia', on: 'upload', body: 'change' },
	{ vendor: 'whapi', node: 'DeleteMedia', on: 'delete', body: 'change' },
	{ vendor: 'pipes', node: 'GetMediaUrl', on: 'download', body: 'json' },
	{ vendor: 'pipes', node: 'DownloadMedia', on: 'download', body: 'json' },
	{ vendor: 'pipes', node: 'DownloadMedia', on: 'file', body: 'file' },
];
