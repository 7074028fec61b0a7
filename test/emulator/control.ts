import { curlUploads } from './curlUploads';
import { readable, type Site } from './server';
import type { VendorEmulator } from './vendor';

/**
 * `/_emulator/receive` and `/_emulator/fault`, for a person with curl. `more` reads what only this vendor's `receive` takes from
 * the query.
 */
export function vendorControl(
	vendor: VendorEmulator,
	more: (query: Record<string, string>) => object,
): Site['control'] {
	return {
		async receive(request) {
			const { callback, from, name, caption, text } = request.query;
			if (text !== undefined)
				return readable(await vendor.receiveText(text, { from, name }, { callback }));
			const received = [];
			for (const file of await curlUploads(request)) {
				received.push(
					await vendor.receive(
						{ ...file, from, name, caption, ...more(request.query) },
						{ callback },
					),
				);
			}
			return readable(received);
		},
		async fault(request) {
			vendor.fault(JSON.parse((await request.read()).toString()));
			return readable({ ordered: true });
		},
	};
}
