import { render } from 'preact';
import { App } from './app.tsx';
import { goLive } from './live.ts';

const root = document.getElementById('page');
if (root === null) throw new Error('index.html has no #page');
render(<App />, root);
goLive();
