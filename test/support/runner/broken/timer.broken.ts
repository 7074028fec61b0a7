test('passes, and leaves a timer', () => {
	setInterval(() => {}, 100);
});
