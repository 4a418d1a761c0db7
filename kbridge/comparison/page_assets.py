"""Style and script of the page of a comparison."""

STYLE = """
:root{color-scheme:light dark;--back:#fff;--text:#1d1d22;--soft:#5c5c66;--line:#c9c9d2;--ok:#17692f;--off:#a3160c;--link:#2b4fb8;
--grade-0:#eef4ef;--grade-1:#d3ecd7;--grade-2:#fdf0bd;--grade-3:#ffcf9e;--grade-4:#f8b3aa}
@media(prefers-color-scheme:dark){:root{--back:#16171b;--text:#ececf1;--soft:#a9a9b6;--line:#44454f;--ok:#6fd98c;--off:#ff9c90;--link:#9db7ff;
--grade-0:#222a25;--grade-1:#1d3f28;--grade-2:#4a4108;--grade-3:#66380c;--grade-4:#7b211a}}
*{box-sizing:border-box}
body{font:1rem/1.5 system-ui,sans-serif;margin:0 auto;max-width:80rem;padding:1rem;background:var(--back);color:var(--text)}
h1{font-size:1.5rem;line-height:1.25;margin:.5rem 0;overflow-wrap:anywhere}h2{font-size:1.2rem;margin:2rem 0 .5rem}
a{color:var(--link)}p,li,dd{overflow-wrap:anywhere}
.verdict{font-size:1.15rem;font-weight:bold;margin:.5rem 0}.ok{color:var(--ok)}.off{color:var(--off);font-weight:bold}
.soft,caption{color:var(--soft)}caption{text-align:left;padding:.2rem 0}
.scroll{overflow:auto;max-height:80vh;border:1px solid var(--line);border-radius:6px;padding:.5rem}
table{border-collapse:collapse}th,td{border-bottom:1px solid var(--line);padding:.25rem .55rem;text-align:left;white-space:nowrap}
thead th{vertical-align:bottom}tbody th{font-weight:normal;position:sticky;left:-.5rem;background:var(--back);max-width:15rem;white-space:normal;overflow-wrap:break-word}
td.number{text-align:right;font-variant-numeric:tabular-nums}
th button{font:inherit;font-weight:bold;background:none;border:0;color:inherit;cursor:pointer;padding:.4rem 0;text-align:left;min-height:2.2rem}
th button::after{content:" \\2195";color:var(--soft)}th[aria-sort=ascending] button::after{content:" \\2191";color:inherit}
th[aria-sort=descending] button::after{content:" \\2193";color:inherit}
tr:target{outline:3px solid var(--link);outline-offset:-3px}
.grade-0{--grade:var(--grade-0)}.grade-1{--grade:var(--grade-1)}.grade-2{--grade:var(--grade-2)}.grade-3{--grade:var(--grade-3)}.grade-4{--grade:var(--grade-4)}
td[class*=grade],.legend span{background:var(--grade)}
.choice{border:0;padding:0;margin:.5rem 0}.choice legend{float:left;padding:0 .6rem 0 0}.choice label{display:inline-block;padding:.15rem .7rem .15rem 0}
.legend{clear:both;list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.3rem .6rem}.legend span{padding:.1rem .5rem;border:1px solid var(--line);border-radius:4px}
svg{display:block}svg text{fill:var(--text);font-size:12px}svg .box text:nth-of-type(1){font-weight:bold}.wrong text:last-of-type{font-weight:bold}
.lines path{fill:none;stroke:var(--soft);stroke-width:1.5}.box rect{fill:var(--grade,var(--back));stroke:var(--soft)}.box.wrong rect{stroke:var(--off);stroke-width:3}
.box:focus-visible rect,.box:hover rect{stroke:var(--link);stroke-width:3}
details{border-bottom:1px solid var(--line)}summary{cursor:pointer;padding:.4rem 0;overflow-wrap:anywhere}
.bar{display:inline-block;height:.8rem;background:var(--link);vertical-align:middle;margin-left:.4rem}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
@media(max-width:40rem){body{padding:.75rem}tbody th{max-width:8rem;overflow-wrap:anywhere;min-width:6.5rem}th,td{padding:.25rem .4rem}}
@media print{.scroll{max-height:none}}
"""

SCRIPT = """
document.querySelectorAll('input[name=colour]').forEach(input => input.addEventListener('change', () => {
  document.querySelectorAll('.box').forEach(box => {
    const grade = box.dataset[input.value];
    box.setAttribute('class', ['box', grade && `grade-${grade}`, box.classList.contains('wrong') && 'wrong'].filter(Boolean).join(' '));
  });
}));
const table = document.getElementById('layers'), body = table.tBodies[0], said = document.getElementById('sorted');
const heads = [...table.tHead.rows[0].cells];
heads.forEach((head, column) => head.firstElementChild.addEventListener('click', () => {
  const key = row => row.cells[column].dataset.key ?? row.cells[column].textContent;
  const numbers = head.dataset.numbers !== undefined;
  const before = head.getAttribute('aria-sort');
  // largest differences first, names and places in order
  const down = before ? before === 'ascending' : numbers;
  const order = numbers ? (a, b) => key(a) - key(b) : (a, b) => key(a).localeCompare(key(b), undefined, {numeric: true});
  body.append(...[...body.rows].sort((a, b) => down ? order(b, a) : order(a, b)));
  heads.forEach(other => other.removeAttribute('aria-sort'));
  head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
  said.textContent = `Sorted by ${head.firstElementChild.textContent}, ${down ? 'descending' : 'ascending'}`;
}));
"""
