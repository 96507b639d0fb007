import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const PACKAGES = path.resolve(import.meta.dirname, '../..');
/** Their packages, their own addresses and doors, what is inside them. */
const TELLTALE =
  /@payments\/local|packages\/local|__fake|127\.0\.0\.1|localhost|fauxqs|aws-local-stepfunctions|stand-in/i;

test.each(['core', 'functions'])('nothing in packages/%s knows that a stand-in exists', (name) => {
  const root = path.join(PACKAGES, name, 'src');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !/\.(test|fixture)\.ts$/.test(file),
  );
  expect(files.length).toBeGreaterThan(20);
  const knowing = files.filter((file) => TELLTALE.test(readFileSync(path.join(root, file), 'utf8')));
  expect(knowing).toEqual([]);
});
