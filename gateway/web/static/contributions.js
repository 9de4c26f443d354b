// The sum of what is ticked, as it is ticked. Without this script the page says the sum of all.
const sum = document.getElementById("ticked");
if (sum) {
  const boxes = [...document.querySelectorAll("input[data-paisa]")];
  const nepali = sum.dataset.language === "ne";
  const grouped = new Intl.NumberFormat("en-IN", { maximumFractionDigits: 2 });
  const written = (rupees) => (nepali ? grouped.format(rupees).replace(/[0-9]/g, (digit) => "०१२३४५६७८९"[digit]) : grouped.format(rupees));
  const show = () => {
    const paisa = boxes.filter((box) => box.checked).reduce((all, box) => all + Number(box.dataset.paisa), 0);
    sum.textContent = `${nepali ? "रु" : "Rs"} ${written(paisa / 100)}`;
  };
  document.addEventListener("change", show);
  show();
}
