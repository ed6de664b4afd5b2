// Answers reach the page by several ways (stream, clock) and may overtake each other, so they are numbered. A number that
// does not follow on the last one means that something old is shown or missing: everything is asked for again, and until
// a whole state arrives that is newer than all that was seen. A generator's last answer comes twice.
let last = 0, lost = false, stale = false;
const ask = () => { if (lost) trigger("lost", { stale }); };
function update() {
  const [text, whole] = (props.value || "").split(" ");
  const number = Number(text);
  if (!number || number === last) return;
  if (whole && number > last) lost = stale = false;
  else if (number !== last + 1) lost = true;
  if (number < last) stale = true; // an old state lies over a newer one: which steps are open is old too
  last = Math.max(last, number);
  ask();
}
setInterval(ask, 2000); // an answer that never comes
watch("value", update);
update();
