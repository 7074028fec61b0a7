import { createHmac } from 'node:crypto';

import { expectError, gone, graph, meta, useEmulator } from './testbed';

useEmulator();

describe('credentials', () => {
	it('answers what a credential test asks', async () => {
		const { phoneNumberId, businessAccountId, appId, appSecret, accessToken } = meta.credentials;
		expect(
			(
				await graph.get(
					`/${phoneNumberId}?fields=id,display_phone_number,verified_name,quality_rating`,
				)
			).data,
		).toBe(
			`{"display_phone_number":"+1 555-078-3881","verified_name":"Jaspers Market","quality_rating":"GREEN","id":"${phoneNumberId}"}`,
		);
		expect((await graph.get(`/${businessAccountId}/phone_numbers`)).data).toContain(
			'{"verified_name":"Jaspers Caf\\u00e9","display_phone_number":"+49 1525 5550199","id":"118924467839205","quality_rating":"UNKNOWN"}',
		);
		expectError(
			await graph.get(`/${businessAccountId}?fields=display_phone_number`),
			400,
			'{"error":{"message":"(#100) Tried accessing nonexisting field (display_phone_number) on node type (WhatsAppBusinessAccount)","type":"OAuthException","code":100,',
		);
		meta.variants.accountAsPhoneNumber = 'gone';
		expectError(
			await graph.get(`/${businessAccountId}?fields=display_phone_number`),
			400,
			gone('get', businessAccountId),
		);
		expect((await graph.get('/me')).data).toBe(
			'{"name":"n8n system user","id":"122101234567890123"}',
		);
		const { access_token } = JSON.parse(
			(
				await graph.get(
					`/oauth/access_token?client_id=${appId}&client_secret=${appSecret}&grant_type=client_credentials`,
				)
			).data,
		);
		const debug = await graph.get('/debug_token', {
			params: { input_token: accessToken },
			headers: { Authorization: `Bearer ${access_token}` },
		});
		expect(JSON.parse(debug.data).data).toMatchObject({
			is_valid: true,
			expires_at: 0,
			scopes: ['whatsapp_business_management', 'whatsapp_business_messaging'],
		});
		expect(JSON.parse((await graph.get('/debug_token?input_token=x')).data).data).toMatchObject({
			is_valid: false,
			error: { code: 190 },
		});
	});

	it('checks that token and app secret belong together, where it is given a proof', async () => {
		const { accessToken, appSecret, phoneNumberId, appId } = meta.credentials;
		const ask = async (secret: string, token = accessToken) => {
			const proof = createHmac('sha256', secret).update(token).digest('hex');
			return await graph.get(`/${phoneNumberId}?fields=id&appsecret_proof=${proof}`, {
				headers: { Authorization: `Bearer ${token}` },
			});
		};
		const wrong =
			'{"error":{"message":"Invalid appsecret_proof provided in the API argument","type":"GraphMethodException","code":100,';
		expect((await ask(appSecret)).status).toBe(200);
		expectError(await ask('another'), 400, wrong);
		expectError(await graph.get(`/${phoneNumberId}?fields=id&appsecret_proof=`), 400, wrong);
		meta.tokens.set('EAAother', { ...meta.tokens.get(accessToken)!, ofOtherApp: true });
		expectError(await ask(appSecret, 'EAAother'), 400, wrong);

		meta.variants.requireAppSecret = true;
		expect((await ask(appSecret)).status).toBe(200);
		expectError(
			await graph.get(`/${phoneNumberId}`),
			400,
			'{"error":{"message":"API calls from the server require an appsecret_proof argument","type":"GraphMethodException","code":100,',
		);
		expectError(
			await graph.get(`/${appId}/subscriptions`, {
				headers: { Authorization: `Bearer ${appId}|another` },
			}),
			400,
			'{"error":{"message":"Invalid OAuth access token signature.","type":"OAuthException","code":190,',
		);
	});
});
