// The page in a real browser: the Primary is killed, and a Standby's page shows which node leads now, and how it came to that.
using HotStandby.Lab.Cluster;
using HotStandby.Tests.Process.Failover;
using OpenQA.Selenium;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Page;

public sealed class PageTests(ITestOutputHelper output) : ClusterTest(output)
{
    [FactWith("chromedriver")]
    public Task A_failover_is_seen_on_the_page_of_a_Standby_step_by_step() => WithClusterAsync(3, async (cluster, stop) =>
    {
        cluster.StartAll();
        var primary = await cluster.WaitForPrimaryAsync(Patience, stop);
        await using var load = await Load.StartAsync(cluster, stop);
        await load.WaitForMoreAsync(100, stop);
        using var browser = Browser.Open();
        var standby = cluster.Nodes.First(node => node != primary);
        await browser.Navigate().GoToUrlAsync($"http://{standby.HttpAddress}/");
        var epoch = (await ViewOfAsync(cluster, primary, stop)).Epoch;
        await SeeAsync("who serves", () =>
            browser.Text("#verdict").StartsWith($"{primary.Id} serves, epoch {epoch}", StringComparison.Ordinal));
        await SeeAsync("all three nodes", () => Roles(browser) == Expected(cluster, primary, null));
        await SeeAsync("segments", () => browser.Text("#segments").Contains('%', StringComparison.Ordinal));
        await SeeAsync("that a failover would be safe", () =>
            browser.Text("#detail").Contains("would lose nothing", StringComparison.Ordinal));

        await SeeAsync("that no service was lost before", () =>
            browser.Text("#timeline-caption").Contains("the first start of the cluster", StringComparison.Ordinal));
        await SeeAsync("the configured voters", () =>
            browser.Text("#detail").StartsWith("3 of 3 voters; service survives the loss of 1.", StringComparison.Ordinal));

        primary.Send(NodeSignal.Kill);
        var successor = await WaitForSuccessorAsync(cluster, primary, stop);
        await SeeAsync("who serves now", () =>
            browser.Text("#verdict").StartsWith($"{successor.Id} serves, epoch ", StringComparison.Ordinal));
        await SeeAsync("that one is silent", () => Roles(browser) == Expected(cluster, successor, primary));
        await SeeAsync("that a voter is missing", () => browser.Text("#detail").StartsWith(
            $"2 of 3 voters; the next loss stops service: {primary.Id} is not in the cluster.", StringComparison.Ordinal));
        await SeeAsync("every step", () => Steps(browser).Length == 8 && Steps(browser)[^1] == "serving" && Missing(browser) == 0);
        await SeeAsync("since when no node served", () => Steps(browser)[0] == "last service"
            && browser.Text("#timeline-caption").Contains("no node served for", StringComparison.Ordinal));
        await SeeAsync("which node was removed", () =>
            browser.Text("#timeline [data-step='removed']").Contains(primary.Id, StringComparison.Ordinal));
        await SeeAsync("who took over", () =>
            browser.FindElement(By.CssSelector("#timeline [data-step='serving']")).GetAttribute("data-node") == successor.Id);
        Assert.DoesNotContain(browser.Complaints(), message => message.Contains("Content Security Policy", StringComparison.Ordinal));

        // The page is a face of the operator commands, too: this one asks before it does anything.
        browser.Choose("members");
        await SeeAsync("the answer", () =>
            ClicksUntil(browser, () => browser.Text("#answer").Contains($"\"node\": \"{standby.Id}\"", StringComparison.Ordinal)));
        browser.Choose(successor == standby ? "switchover" : "full-sync"); // either is offered on one kind of node alone
        await SeeAsync("the question", () => ClicksUntil(browser, () => Asks(browser)));
        browser.SwitchTo().Alert().Dismiss();

        primary.Start();
        await SeeAsync("it come back", () => Roles(browser) == Expected(cluster, successor, null));

        Task SeeAsync(string what, Func<bool> seen) => browser.SeeAsync(what, seen);
    });

    // An event that arrives moves the button, and a click misses it.
    private static bool ClicksUntil(Browser browser, Func<bool> seen)
    {
        if (seen())
            return true;
        try
        {
            browser.FindElement(By.CssSelector("#command button")).Click();
        }
        catch (UnhandledAlertException)
        {
            // The question of an earlier click, which is gone with this exception.
        }

        return false;
    }

    private static bool Asks(Browser browser)
    {
        try
        {
            return browser.SwitchTo().Alert().Text?.Contains("Go on?", StringComparison.Ordinal) == true;
        }
        catch (NoAlertPresentException)
        {
            return false;
        }
    }

    private static string Roles(Browser browser) => string.Join(", ", browser.FindElements(By.CssSelector("#nodes [data-node]"))
        .Select(static each => $"{each.GetAttribute("data-node")} {each.GetAttribute("data-role")}"));

    private static string Expected(LocalCluster cluster, LocalNode primary, LocalNode? silent) => string.Join(", ", cluster.Nodes
        .Select(node => $"{node.Id} {(node == primary ? "Primary" : node == silent ? "silent" : "Standby")}"));

    private static string[] Steps(Browser browser) =>
        [.. browser.FindElements(By.CssSelector("#timeline [data-step]")).Select(static each => each.GetAttribute("data-step") ?? "")];

    private static int Missing(Browser browser) => browser.FindElements(By.CssSelector("#timeline .missing")).Count;
}
