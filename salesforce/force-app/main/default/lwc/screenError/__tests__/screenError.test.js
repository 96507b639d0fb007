import { sentenceOf } from 'c/screenError';

describe('c-screen-error', () => {
    it('finds the sentence in each shape of an error', () => {
        expect(sentenceOf({ body: { message: 'Choose a plan.' } })).toBe('Choose a plan.');
        expect(sentenceOf({ body: [{ message: 'One.' }, { message: 'Two.' }] })).toBe('One. Two.');
    });

    it('says what to do when there is no sentence', () => {
        expect(sentenceOf(undefined)).toContain('Try again');
        expect(sentenceOf({ body: [] })).toContain('Try again');
    });
});
