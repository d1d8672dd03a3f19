// A headless Chromium, with what the tests of the page ask of it.
using System.Diagnostics;
using OpenQA.Selenium;
using OpenQA.Selenium.Chrome;

namespace HotStandby.Tests.Process.Page;

/// <summary>A browser that reaches for nothing but the page.</summary>
internal sealed class Browser(ChromeDriverService service, ChromeOptions options) : ChromeDriver(service, options)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    private static readonly string[] Quietly =
    [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--window-size=1200,1600",
    ];

    public static Browser Open()
    {
        var options = new ChromeOptions();
        options.AddArguments(Quietly);
        options.SetLoggingPreference(LogType.Browser, LogLevel.Warning);
        var directory = (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator).First(each => File.Exists(Path.Combine(each, "chromedriver")));
        return new Browser(ChromeDriverService.CreateDefaultService(directory), options);
    }

    public int OptionCount => FindElements(By.CssSelector("#which option:not([disabled])")).Count;

    public string Text(string selector) => FindElement(By.CssSelector(selector)).Text;

    public bool IsOffered(string command) => FindElements(By.CssSelector("#which option")).First(option => option.Text == command).Enabled;

    public void Choose(string command) => FindElements(By.CssSelector("#which option")).First(option => option.Text == command).Click();

    public T Run<T>(string script) => (T)ExecuteScript(script)!;

    /// <summary>What the page has complained about since it was asked last.</summary>
    public IEnumerable<string> Complaints() => Manage().Logs.GetLog(LogType.Browser).Select(static entry => entry.Message);

    /// <summary>Closes the page before its node ends, about which it would complain.</summary>
    public void Leave() => Navigate().GoToUrl("about:blank");

    public void ShowAs(int width, string scheme)
    {
        ExecuteCdpCommand("Emulation.setDeviceMetricsOverride", new Dictionary<string, object?>
        { ["width"] = width, ["height"] = 900, ["deviceScaleFactor"] = 1, ["mobile"] = false });
        ExecuteCdpCommand("Emulation.setEmulatedMedia", new Dictionary<string, object?>
        {
            ["features"] = new object[] { new Dictionary<string, object?> { ["name"] = "prefers-color-scheme", ["value"] = scheme } },
        });
    }

    /// <summary>Waits until it is seen. The page may change while it is looked at.</summary>
    public async Task SeeAsync(string what, Func<bool> seen)
    {
        var began = Stopwatch.GetTimestamp();
        while (!Sees(seen))
        {
            if (Stopwatch.GetElapsedTime(began) > Deadline.Step)
                Assert.Fail($"{what}: not seen; the page says: {Text("body")}");
            await Task.Delay(PollInterval);
        }
    }

    public void SaveScreenshot(string name)
    {
        if (Environment.GetEnvironmentVariable("HOTSTANDBY_SCREENSHOTS") is not { Length: > 0 } directory)
            return;
        var (width, height) = (Run<long>("return innerWidth"), Run<long>("return document.documentElement.scrollHeight"));
        var picture = (Dictionary<string, object?>)ExecuteCdpCommand("Page.captureScreenshot", new Dictionary<string, object?>
        {
            ["format"] = "png", ["captureBeyondViewport"] = true,
            ["clip"] = new Dictionary<string, object?> { ["x"] = 0, ["y"] = 0, ["width"] = width, ["height"] = height, ["scale"] = 1 },
        })!;
        File.WriteAllBytes(Path.Combine(directory, $"{name}.png"), Convert.FromBase64String((string)picture["data"]!));
    }

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
}
