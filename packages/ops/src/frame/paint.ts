/** Marks a part of a text by its role; the identity prints it plain. */
export type Role = 'title' | 'name' | 'value' | 'dim' | 'good' | 'warning' | 'bad';
export type Paint = (role: Role, text: string) => string;

export const STYLES = {
  title: 'bold',
  name: 'cyan',
  value: 'green',
  dim: 'dim',
  good: 'green',
  warning: 'yellow',
  bad: 'red',
} as const satisfies Record<Role, string>;

export const plain: Paint = (_, text) => text;
