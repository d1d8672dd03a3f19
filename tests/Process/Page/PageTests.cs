// The page in a real browser: the Primary is killed, and a Standby's page shows which node leads now, and how it came to that.
using HotStandby.Lab.Cluster;
using HotStandby.Tests.Process.Failover;
using OpenQA.Selenium;
using OpenQA.Selenium.Chrome;
using Xunit.Abstractions;

namespace HotStandby.Tests.Process.Page;

public sealed class PageTests(ITestOutputHelper output) : ClusterTest(output)
{
    // Nothing but the page is to be reached for.
    private static readonly string[] Quietly =
    [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--window-size=1200,1600",
    ];

    [FactWith("chromedriver")]
    public Task A_failover_is_seen_on_the_page_of_a_Standby_step_by_step() => WithClusterAsync(3, async (cluster, stop) =>
    {
        cluster.StartAll();
        var primary = await cluster.WaitForPrimaryAsync(Patience, stop);
        await using var load = await Load.StartAsync(cluster, stop);
        await load.WaitForMoreAsync(100, stop);
        using var browser = Open();
        var standby = cluster.Nodes.First(node => node != primary);
        await browser.Navigate().GoToUrlAsync($"http://{standby.HttpAddress}/");
        var epoch = (await ViewOfAsync(cluster, primary, stop)).Epoch;
        await SeeAsync("who serves", () =>
            Text(browser, "#verdict").StartsWith($"{primary.Id} serves, epoch {epoch}", StringComparison.Ordinal));
        await SeeAsync("all three nodes", () => Roles(browser) == Expected(cluster, primary, null));
        await SeeAsync("segments", () => Text(browser, "#segments").Contains('%', StringComparison.Ordinal));
        await SeeAsync("that a failover would be safe", () =>
            Text(browser, "#detail").Contains("would lose nothing", StringComparison.Ordinal));

        await SeeAsync("that no service was lost before", () =>
            Text(browser, "#timeline-caption").Contains("the first start of the cluster", StringComparison.Ordinal));
        await SeeAsync("the configured voters", () =>
            Text(browser, "#detail").StartsWith("3 of 3 voters; service survives the loss of 1.", StringComparison.Ordinal));

        primary.Send(NodeSignal.Kill);
        var successor = await WaitForSuccessorAsync(cluster, primary, stop);
        await SeeAsync("who serves now", () =>
            Text(browser, "#verdict").StartsWith($"{successor.Id} serves, epoch ", StringComparison.Ordinal));
        await SeeAsync("that one is silent", () => Roles(browser) == Expected(cluster, successor, primary));
        await SeeAsync("that a voter is missing", () => Text(browser, "#detail").StartsWith(
            $"2 of 3 voters; the next loss stops service: {primary.Id} is not in the cluster.", StringComparison.Ordinal));
        await SeeAsync("every step", () => Steps(browser).Length == 8 && Steps(browser)[^1] == "serving" && Missing(browser) == 0);
        await SeeAsync("since when no node served", () => Steps(browser)[0] == "last service"
            && Text(browser, "#timeline-caption").Contains("no node served for", StringComparison.Ordinal));
        await SeeAsync("who was put out", () =>
            Text(browser, "#timeline [data-step='put out']").Contains(primary.Id, StringComparison.Ordinal));
        await SeeAsync("who took over", () =>
            browser.FindElement(By.CssSelector("#timeline [data-step='serving']")).GetAttribute("data-node") == successor.Id);
        Assert.DoesNotContain(browser.Manage().Logs.GetLog(LogType.Browser), entry =>
            entry.Message.Contains("Content Security Policy", StringComparison.Ordinal));

        // The page is a face of the operator commands, too: this one asks before it does anything.
        Choose(browser, "members");
        await SeeAsync("the answer", () =>
            ClicksUntil(browser, () => Text(browser, "#answer").Contains($"\"node\": \"{standby.Id}\"", StringComparison.Ordinal)));
        Choose(browser, "full-sync");
        await SeeAsync("the question", () => ClicksUntil(browser, () => Asks(browser)));
        browser.SwitchTo().Alert().Dismiss();

        primary.Start();
        await SeeAsync("it come back", () => Roles(browser) == Expected(cluster, successor, null));

        Task SeeAsync(string what, Func<bool> seen) => WaitUntilAsync($"to see {what}", Patience, () => Task.FromResult(Sees(seen)), stop);
    });

    private static ChromeDriver Open()
    {
        var options = new ChromeOptions();
        options.AddArguments(Quietly);
        options.SetLoggingPreference(LogType.Browser, LogLevel.Warning);
        var directory = (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator).First(each => File.Exists(Path.Combine(each, "chromedriver")));
        return new ChromeDriver(ChromeDriverService.CreateDefaultService(directory), options);
    }

    // The page renders anew all the time: what was found a moment ago may be gone.
    private static bool Sees(Func<bool> seen)
    {
        try
        {
            return seen();
        }
        catch (Exception error) when (error is StaleElementReferenceException or NoSuchElementException)
        {
            return false;
        }
    }

    // An event that arrives moves the button, and a click misses it.
    private static bool ClicksUntil(ChromeDriver browser, Func<bool> seen)
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

    private static bool Asks(ChromeDriver browser)
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

    private static string Text(ChromeDriver browser, string selector) => browser.FindElement(By.CssSelector(selector)).Text;

    private static void Choose(ChromeDriver browser, string command) =>
        browser.FindElements(By.CssSelector("#which option")).First(option => option.Text == command).Click();

    private static string Roles(ChromeDriver browser) => string.Join(", ", browser.FindElements(By.CssSelector("#nodes [data-node]"))
        .Select(static each => $"{each.GetAttribute("data-node")} {each.GetAttribute("data-role")}"));

    private static string Expected(LocalCluster cluster, LocalNode primary, LocalNode? silent) => string.Join(", ", cluster.Nodes
        .Select(node => $"{node.Id} {(node == primary ? "Primary" : node == silent ? "silent" : "Standby")}"));

    private static string[] Steps(ChromeDriver browser) =>
        [.. browser.FindElements(By.CssSelector("#timeline [data-step]")).Select(static each => each.GetAttribute("data-step") ?? "")];

    private static int Missing(ChromeDriver browser) => browser.FindElements(By.CssSelector("#timeline .missing")).Count;
}
