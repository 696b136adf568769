// The report as a reader meets it: page.mjs test FOLDER | picture PAGE FILE.
//
// Every page: nothing asked for but itself, nothing on the console, no script in
// it, no part wider than the window. The sample: axe-core (WCAG 2.2 AA and best
// practices) finds nothing in light, dark and narrow, folded and unfolded; the
// keyboard's way in; links that unfold; numbers inside their charts; paper.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
const require = createRequire(process.env.HI_PAGE_MODULES + '/');
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const browser = await chromium.launch({
	executablePath: process.env.CHROMIUM,
	args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
});
const say = (name, why) => console.log(why ? `not ok ${name}: ${why}` : `ok ${name}`);

// A page that is open, and what went wrong or out while it was.
async function open(file, { scheme = 'light', width = 1280 } = {}) {
	const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: scheme });
	const seen = [];
	page.on('console', (m) => seen.push(`console: ${m.text()}`));
	page.on('pageerror', (e) => seen.push(`error: ${e.message}`));
	page.on('request', (r) => { if (r.url() !== `file://${file}`) seen.push(`request: ${r.url()}`); });
	await page.goto(`file://${file}`);
	return { page, seen };
}

async function sound(name, file, options) {
	const { page, seen } = await open(file, options);
	const found = await page.evaluate(() => ({
		scripts: document.querySelectorAll('script, [onclick], [onload], [onerror], a[href^="javascript"]').length,
		wide: document.documentElement.scrollWidth - innerWidth,
		title: document.title,
	}));
	say(`${name}: no request, nothing on the console`, seen.join('; '));
	say(`${name}: no script`, found.scripts ? `${found.scripts} found` : '');
	say(`${name}: title is the report's`, found.title === '1' ? 'it was changed' : '');
	say(`${name}: not wider than the window`, found.wide > 0 ? `${found.wide} pixels` : '');
	await page.close();
}

async function accessible(name, file, options = {}) {
	const { page } = await open(file, options);
	if (options.unfold) await page.evaluate(() => document.querySelectorAll('details').forEach((d) => { d.open = true; }));
	await page.evaluate(axe);
	const { violations } = await page.evaluate(() => globalThis.axe.run({ resultTypes: ['violations'] }));
	say(`${name}: axe-core finds nothing`, violations.map((v) => `${v.id} (${v.nodes.length}): ${v.nodes[0].html.slice(0, 120)}`).join('; '));
	await page.close();
}

async function keyboard(file) {
	const { page } = await open(file);
	await page.keyboard.press('Tab');
	const skip = await page.evaluate(() => {
		const r = document.activeElement.getBoundingClientRect();
		return document.activeElement.className === 'skip' && r.left >= 0 && r.width > 0;
	});
	say('keyboard: the first stop is a visible skip link', skip ? '' : 'it is not');
	await page.keyboard.press('Enter');
	say('keyboard: it leads to the board', (await page.evaluate(() => document.activeElement.id)) === 'board' ? '' : 'it does not');
	await page.keyboard.press('Tab');
	const ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineWidth);
	say('keyboard: focus is seen', parseFloat(ring) >= 2 ? '' : `outline ${ring}`);
	await page.close();
}

async function folded(file) {
	const { page } = await open(file);
	const opened = () => page.evaluate(() => document.querySelectorAll('details.pt[open]').length);
	say('70 patients: parts are folded', (await opened()) === 0 ? '' : 'they are not');
	await page.click('.board a[href="#p7"]');
	say('70 patients: a link unfolds its part', (await opened()) === 1 ? '' : 'it does not');
	await page.close();
}

// Numbers and labels lie within their figure, and none is cut or covers another's.
async function charts(file) {
	const { page } = await open(file);
	const out = await page.evaluate(() => [...document.querySelectorAll('figure')].flatMap((f) => {
		const box = f.getBoundingClientRect();
		return [...f.querySelectorAll('svg text')].filter((t) => {
			const r = t.getBoundingClientRect();
			return r.left < box.left - 2 || r.right > box.right + 2;
		}).map((t) => `${f.textContent.slice(0, 12)}: ${t.textContent}`);
	}));
	say('charts: every number lies within its figure', out.slice(0, 3).join('; '));
	const bare = await page.evaluate(() => [...document.querySelectorAll('svg[role=img]')].filter((s) => {
		const [t, d] = s.getAttribute('aria-labelledby').split(' ').map((id) => document.getElementById(id));
		return !t?.textContent || !d?.textContent || !s.closest('figure').querySelector('details table');
	}).length);
	say('charts: title, description and a table each', bare ? `${bare} without` : '');
	await page.close();
}

async function paper(file, to) {
	const { page } = await open(file, { scheme: 'dark' });
	await page.pdf({ path: to, preferCSSPageSize: true, printBackground: true });
	await page.emulateMedia({ media: 'print' });
	const ink = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
	say('paper is white, in dark too', ink === 'rgb(255, 255, 255)' ? '' : ink);
	await page.close();
}

async function test(folder) {
	const at = (name) => `${folder}/${name}.html`;
	for (const name of ['sample', 'moment', 'many', 'none', 'hostile']) await sound(name, at(name));
	for (const width of [390, 840, 1000, 1140]) await sound(`moment, ${width} wide`, at('moment'), { width });
	await sound('hostile, narrow', at('hostile'), { width: 390 });
	await accessible('sample, light', at('sample'));
	await accessible('sample, dark', at('sample'), { scheme: 'dark' });
	await accessible('moment, light, narrow, unfolded', at('moment'), { width: 390, unfold: true });
	await accessible('moment, dark, unfolded', at('moment'), { scheme: 'dark', unfold: true });
	await accessible('hostile', at('hostile'));
	await accessible('none', at('none'));
	await keyboard(at('moment'));
	await folded(at('many'));
	await charts(at('sample'));
	await paper(at('sample'), `${folder}/sample.pdf`);
}

// The board and the first patient of a real report; what lies between is left out.
async function picture(file, to) {
	const { page } = await open(file);
	await page.setViewportSize({ width: 1280, height: 100 });
	await page.addStyleTag({ content: 'section:not([aria-labelledby=board]){display:none}nav{display:none!important}' });
	const bottom = await page.evaluate(() => document.querySelector('details.pt').getBoundingClientRect().bottom);
	await page.screenshot({ path: to, fullPage: true, clip: { x: 0, y: 0, width: 1280, height: Math.ceil(bottom) + 18 } });
}

const [verb, ...args] = process.argv.slice(2);
try {
	await (verb === 'picture' ? picture : test)(...args);
} catch (e) {
	say('page.mjs', e.message.split('\n')[0]);
	process.exitCode = 1;
}
await browser.close();
