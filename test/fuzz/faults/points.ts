import { type Vendor, VENDORS } from '../../emulator';
import { VENDOR_FACTS, type VendorAnswer } from '../../support/vendors';

/** One answer that a node waits for. */
export interface Point extends VendorAnswer {
	vendor: Vendor;
}

export const POINTS = VENDORS.flatMap((vendor) =>
	VENDOR_FACTS[vendor].answers.map((answer): Point => ({ vendor, ...answer })),
);

/** Each has a suite of its own name, so that they wait beside each other. */
export const PARTS = {
	getMediaUrl: POINTS.filter(({ node }) => node === 'GetMediaUrl'),
	downloadLookUp: POINTS.filter(({ node, body }) => node === 'DownloadMedia' && body !== 'file'),
	downloadFile: POINTS.filter(({ node, body }) => node === 'DownloadMedia' && body === 'file'),
	uploadMedia: POINTS.filter(({ node }) => node === 'UploadMedia'),
	deleteMedia: POINTS.filter(({ node }) => node === 'DeleteMedia'),
};
