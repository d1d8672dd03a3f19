// The page in a real browser in six states, at the width of a phone and of a desk, light and dark. With HOTSTANDBY_SCREENSHOTS set to a
// directory it leaves a picture of each.
using System.Globalization;
using HotStandby.Tests.Process.Failover;
using OpenQA.Selenium;

namespace HotStandby.Tests.Process.Page;

[Collection(ProcessCollection.Name)]
public sealed class PageSceneTests
{
    private static readonly int[] Widths = [390, 1280];
    private static readonly string[] Schemes = ["light", "dark"];

    [FactWith("chromedriver")]
    public async Task Every_state_says_what_it_is_and_fits_a_phone_and_a_desk()
    {
        using var browser = Browser.Open();
        foreach (var scene in PageScenes.All)
        {
            await using var stage = await PageStage.OpenAsync(scene);
            foreach (var (width, scheme) in Widths.SelectMany(_ => Schemes, static (width, scheme) => (width, scheme)))
            {
                browser.ShowAs(width, scheme);
                await browser.Navigate().GoToUrlAsync(stage.Url);
                var place = $"{scene.Name}, {width} px, {scheme}";
                await browser.SeeAsync(place, () => browser.Text("#verdict") == scene.Verdict
                    && browser.Text("#detail").Contains(scene.Detail, StringComparison.Ordinal) && browser.OptionCount > 0);
                foreach (var name in scene.Offered)
                    await browser.SeeAsync($"{place}: {name} offered", () => browser.IsOffered(name));
                foreach (var name in scene.Refused)
                    await browser.SeeAsync($"{place}: {name} not offered", () => !browser.IsOffered(name));
                Assert.True(
                    browser.Run<bool>("const page = document.documentElement; return page.scrollWidth <= page.clientWidth"),
                    $"{place}: scrolls sideways");
                Assert.Equal((place, 0L), (place, browser.Run<long>("return document.querySelectorAll('img').length")));
                Assert.Equal((place, ""), (place, string.Join('\n', browser.Complaints())));
                browser.SaveScreenshot($"{scene.Name}-{width}-{scheme}");
            }

            browser.Leave();
        }
    }

    [FactWith("chromedriver")]
    public async Task A_bar_turns_at_the_eviction_watermark_and_a_long_name_is_cut_with_its_whole_text_as_title()
    {
        using var browser = Browser.Open();
        await using var stage = await PageStage.OpenAsync(PageScenes.All.Single(static scene => scene.Name == "200-segments"));
        browser.ShowAs(390, "light");
        await browser.Navigate().GoToUrlAsync(stage.Url);
        await browser.SeeAsync("the segments", () => browser.Run<long>("return document.querySelectorAll('#segments meter').length") == 64);
        var over = browser.FindElements(By.CssSelector("#segments meter.over")).Select(static bar =>
            double.Parse(bar.GetAttribute("value")!, CultureInfo.InvariantCulture)).ToArray();
        var under = browser.FindElements(By.CssSelector("#segments meter:not(.over)")).Select(static bar =>
            double.Parse(bar.GetAttribute("value")!, CultureInfo.InvariantCulture)).ToArray();
        Assert.True(over.Length > 0 && over.Min() >= 0.9 && under.Max() < 0.9);
        Assert.Contains("The fullest 64 of 200.", browser.Text("#segments-caption"), StringComparison.Ordinal);
        Assert.Equal(PageScenes.HostileName, browser.FindElement(By.CssSelector("#segments tbody td")).GetAttribute("title"));
        Assert.True(browser.Run<bool>(
            "const cell = document.querySelector('#segments tbody td'); return cell.scrollWidth > cell.clientWidth"));
        browser.Leave();
    }

    [FactWith("chromedriver")]
    public async Task A_selection_outlives_refreshes_and_choices_are_lists()
    {
        using var browser = Browser.Open();
        await using var stage = await PageStage.OpenAsync(PageScenes.All.Single(static scene => scene.Name == "under-load"));
        await browser.Navigate().GoToUrlAsync(stage.Url);
        await browser.SeeAsync("the nodes", () => browser.FindElements(By.CssSelector("#nodes article")).Count == 3);
        // The name of a segment; what changes every second stands in the nodes' cards.
        browser.Run<object>("getSelection().selectAllChildren(document.querySelector('#segments tbody td'))");
        var committed = Committed();
        await browser.SeeAsync("two refreshes", () => Committed() >= committed + 2);
        Assert.Equal("kv-worker-0", browser.Run<string>("return getSelection().toString()"));

        browser.Choose("switchover");
        await browser.SeeAsync("the choice", () => browser.FindElements(By.CssSelector("#parameters select[name=to] option"))
            .Select(static option => option.Text).SequenceEqual(["the one that is furthest", "node2", "node3"]));
        browser.Choose("drain");
        await browser.SeeAsync("the segments to choose from", () =>
            browser.FindElements(By.CssSelector("#parameters select[name=segment] option")).Count == 6
            && browser.FindElements(By.CssSelector("#parameters input")).Count == 0);
        browser.Leave();

        long Committed() => browser.Run<long>(
            "return Number(document.querySelectorAll('#nodes article[data-node=node1] dl dd')[2].textContent.replaceAll(',', ''))");
    }
}
