// The sum of what is ticked, as it is ticked. Without this script the page says the sum of all.
const sum = document.getElementById("ticked");
if (sum) {
  const boxes = [...document.querySelectorAll("input[data-paisa]")];
  const nepali = sum.dataset.language === "ne";
  const written = new Intl.NumberFormat(nepali ? "ne-NP-u-nu-deva" : "en-IN", { maximumFractionDigits: 2 });
  const show = () => {
    const paisa = boxes.filter((box) => box.checked).reduce((all, box) => all + Number(box.dataset.paisa), 0);
    sum.textContent = `${nepali ? "रु" : "Rs"} ${written.format(paisa / 100)}`;
  };
  document.addEventListener("change", show);
  show();
}
