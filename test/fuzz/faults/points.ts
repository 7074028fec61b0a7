import { type Vendor, VENDORS } from '../../emulator';
import { VENDOR_FACTS, type VendorAnswer } from '../../support/vendors';

/** One answer that a node waits for. */
export interface Point extends VendorAnswer {
	vendor: Vendor;
}

export const POINTS = VENDORS.flatMap((vendor) =>
	VENDOR_FACTS[vendor].answers.map((answer): Point => ({ vendor, ...answer })),
);
