/** The wait before another try is a part, by chance, of what it may be; how long it may be is waiting.test.ts's to check. Here it is short. */
export function quickRetries(): void {
	beforeAll(() => {
		jest.spyOn(Math, 'random').mockReturnValue(0.01);
	});
	afterAll(() => {
		jest.restoreAllMocks();
	});
}
