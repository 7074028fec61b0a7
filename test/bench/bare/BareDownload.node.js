/** Media IDs to files with n8n's helpers alone: both requests and the binary store, as many in flight, nothing checked. */
class BareDownload {
	description = {
		displayName: 'Bare Download',
		name: 'bareDownload',
		group: ['input'],
		version: 1,
		description: 'For benchmarks',
		defaults: { name: 'Bare Download' },
		inputs: ['main'],
		outputs: ['main'],
		credentials: [{ name: 'whatsAppApi', required: true }],
		properties: [{ displayName: 'In Flight', name: 'inFlight', type: 'number', default: 1 }],
	};

	async execute() {
		const items = this.getInputData();
		const inFlight = this.getNodeParameter('inFlight', 0);
		const { accessToken } = await this.getCredentials('whatsAppApi');
		const headers = { Authorization: `Bearer ${accessToken}`, 'User-Agent': 'bare-node/1.0' };
		const get = async (url, more) =>
			await this.helpers.httpRequest({
				url,
				headers: { ...headers },
				disableFollowRedirect: true,
				...more,
			});
		const results = [];
		let next = 0;
		const worker = async () => {
			while (next < items.length) {
				const index = next++;
				const { mediaId, url } = items[index].json;
				const place = url ?? (await get(`https://graph.facebook.com/v25.0/${mediaId}`)).url;
				const bytes = await get(place, { encoding: 'stream' });
				const data = await this.helpers.prepareBinaryData(
					bytes,
					mediaId,
					'application/octet-stream',
				);
				results[index] = { json: { mediaId }, binary: { data }, pairedItem: { item: index } };
			}
		};
		await Promise.all(Array.from({ length: inFlight }, worker));
		return [results];
	}
}

module.exports = { BareDownload };
