import axios from 'axios';
import { startEmulator } from '.';
import { AGENT, PHOTO } from './meta/testbed';

describe('under the vendor’s own names', () => {
	it('goes by the Host header, whichever port it came to, and remembers what the client meant', async () => {
		const named = await startEmulator({
			meta: { apiOrigin: 'https://graph.facebook.com', filesOrigin: 'https://lookaside.fbsbx.com' },
		});
		const { credentials, store } = named.meta;
		const id = store.add({ bytes: PHOTO, mimeType: 'image/jpeg' });
		const ask = (path: string, Host: string) =>
			axios.get(`${named.localUrl}${path}`, {
				headers: { Host, Authorization: `Bearer ${credentials.accessToken}`, 'User-Agent': AGENT },
				responseType: 'arraybuffer',
			});
		const { url } = JSON.parse((await ask(`/v25.0/${id}`, 'graph.facebook.com')).data.toString());
		expect(url).toMatch(/^https:\/\/lookaside\.fbsbx\.com\/whatsapp_business\/attachments\/\?mid=/);
		expect(
			(await ask(url.slice('https://lookaside.fbsbx.com'.length), 'lookaside.fbsbx.com:443')).data,
		).toEqual(PHOTO);
		expect(named.requests.map(({ host, url, status }) => [host, url, status])).toEqual([
			['graph.facebook.com', `https://graph.facebook.com/v25.0/${id}`, 200],
			['lookaside.fbsbx.com', url, 200],
		]);
		await named.close();
	});
});
